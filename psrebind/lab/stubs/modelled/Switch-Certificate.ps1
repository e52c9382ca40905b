Switch-LabCertificate $PSCmdlet $PSBoundParameters
