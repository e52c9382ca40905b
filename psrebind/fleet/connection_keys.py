"""The variables of an inventory that psrebind understands; docs/fleets.md says what each means."""

from __future__ import annotations

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
# Every key that is understood.
KEYS = frozenset(key for keys in SETTINGS.values() for key in keys)
