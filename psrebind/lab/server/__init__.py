"""The WSMan server of a lab host: HTTP, SOAP, shells, authentication and encryption."""
