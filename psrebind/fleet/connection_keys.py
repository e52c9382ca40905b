"""The variables of an inventory that psrebind understands: the README's table as data.

Names and sentences only; what the values mean for a connection stands in connection_vars.
"""

from __future__ import annotations

# Every key that is understood, with the README's sentence about it.
KEYS: dict[str, str] = {
    "ansible_connection": "`psrp` or `winrm` (over the network), or `local`; else refused.",
    "ansible_host": "Address or name to connect to, where it is not the host's own name.",
    "ansible_port": "Port; 5985 means HTTP.",
    "ansible_user": "User to log on as.",
    "ansible_password": "Password in clear: accepted with a warning.",
    "ansible_psrp_host": "As `ansible_host`, and wins over it.",
    "ansible_psrp_user": "As `ansible_user`, and wins over it.",
    "ansible_psrp_port": "As `ansible_port`, and wins over it.",
    "ansible_psrp_protocol": "`http` or `https`.",
    "ansible_psrp_path": "Only `wsman`, the default, is possible.",
    "ansible_psrp_auth": "`negotiate`, `kerberos`, `ntlm`, `credssp`, `basic` or `certificate`.",
    "ansible_psrp_cert_validation": "`validate`; `ignore` needs a pin or a CA file instead.",
    "ansible_psrp_cert_trust_path": "File of the authorities to trust.",
    "ansible_psrp_ca_cert": "As `ansible_psrp_cert_trust_path`, and wins over it.",
    "ansible_psrp_certificate_pem": "Client certificate for `certificate`.",
    "ansible_psrp_certificate_key_pem": "Key of the client certificate.",
    "ansible_psrp_configuration_name": "Session configuration on the host.",
    "ansible_psrp_connection_timeout": "Seconds to wait for a connection.",
    "ansible_psrp_read_timeout": "Seconds to wait for an answer.",
    "ansible_psrp_message_encryption": "`auto` or `always`; `never` is refused without HTTPS.",
    "ansible_psrp_proxy": "HTTP proxy.",
    "ansible_psrp_ignore_proxy": "True: use no proxy.",
    "ansible_winrm_host": "As `ansible_host`, and wins over it.",
    "ansible_winrm_user": "As `ansible_user`, and wins over it.",
    "ansible_winrm_pass": "As `ansible_password`, and wins over it.",
    "ansible_winrm_password": "As `ansible_winrm_pass`, and wins over it.",
    "ansible_winrm_port": "As `ansible_port`, and wins over it.",
    "ansible_winrm_scheme": "`http` or `https`.",
    "ansible_winrm_path": "Only `/wsman`, the default, is possible.",
    "ansible_winrm_transport": (
        "`kerberos`, `ntlm`, `credssp`, `basic`, `plaintext`, `ssl` (both are basic) or "
        "`certificate`; of several the first."
    ),
    "ansible_winrm_server_cert_validation": "As `ansible_psrp_cert_validation`.",
    "ansible_winrm_ca_trust_path": "File of the authorities to trust.",
    "ansible_winrm_cert_pem": "Client certificate for `certificate`.",
    "ansible_winrm_cert_key_pem": "Key of the client certificate.",
    "ansible_winrm_connection_timeout": "Seconds to wait for a connection.",
    "ansible_winrm_read_timeout_sec": "Seconds to wait for an answer.",
    "ansible_winrm_message_encryption": "As `ansible_psrp_message_encryption`.",
    "ansible_winrm_proxy": "HTTP proxy.",
    "psrebind_reply_limit": "Megabytes that are read of one reply; 64 if nothing is said.",
}

# What holds a password, and is kept as a Secret from the moment it is read.
PASSWORDS = frozenset({"ansible_password", "ansible_winrm_pass", "ansible_winrm_password"})

# Of one setting's keys the last wins, as in Ansible's connection plugins: what is said of psrp or
# winrm counts more than what is said of any connection.
SETTINGS: dict[str, tuple[str, ...]] = {
    "address": ("ansible_host", "ansible_winrm_host", "ansible_psrp_host"),
    "user": ("ansible_user", "ansible_winrm_user", "ansible_psrp_user"),
    "password": ("ansible_password", "ansible_winrm_pass", "ansible_winrm_password"),
    "port": ("ansible_port", "ansible_winrm_port", "ansible_psrp_port"),
    "protocol": ("ansible_winrm_scheme", "ansible_psrp_protocol"),
    "path": ("ansible_winrm_path", "ansible_psrp_path"),
    "auth": ("ansible_winrm_transport", "ansible_psrp_auth"),
    "validation": ("ansible_winrm_server_cert_validation", "ansible_psrp_cert_validation"),
    "ca_file": (
        "ansible_winrm_ca_trust_path",
        "ansible_psrp_cert_trust_path",
        "ansible_psrp_ca_cert",
    ),
    "certificate_pem": ("ansible_winrm_cert_pem", "ansible_psrp_certificate_pem"),
    "certificate_key": ("ansible_winrm_cert_key_pem", "ansible_psrp_certificate_key_pem"),
    "configuration_name": ("ansible_psrp_configuration_name",),
    "connect_timeout": ("ansible_winrm_connection_timeout", "ansible_psrp_connection_timeout"),
    "read_timeout": ("ansible_winrm_read_timeout_sec", "ansible_psrp_read_timeout"),
    "reply_limit": ("psrebind_reply_limit",),
    "encryption": ("ansible_winrm_message_encryption", "ansible_psrp_message_encryption"),
    "proxy": ("ansible_winrm_proxy", "ansible_psrp_proxy"),
    "ignore_proxy": ("ansible_psrp_ignore_proxy",),
    "connection": ("ansible_connection",),
}
