@{
    RootModule = 'PKI.psm1'
    ModuleVersion = '1.0.0.0'
    FunctionsToExport = @(
        'Add-CertificateEnrollmentPolicyServer',
        'Export-Certificate',
        'Export-PfxCertificate',
        'Get-Certificate',
        'Get-CertificateAutoEnrollmentPolicy',
        'Get-CertificateEnrollmentPolicyServer',
        'Get-CertificateNotificationTask',
        'Get-PfxData',
        'Import-Certificate',
        'Import-PfxCertificate',
        'New-CertificateNotificationTask',
        'New-SelfSignedCertificate',
        'Remove-CertificateEnrollmentPolicyServer',
        'Remove-CertificateNotificationTask',
        'Set-CertificateAutoEnrollmentPolicy',
        'Switch-Certificate',
        'Test-Certificate'
    )
    CmdletsToExport = @()
    VariablesToExport = @()
    AliasesToExport = @()
}
