$Changing = $false
$Reading = $true
$Steps = 0
# includes _registry
# includes _native
# includes _http_record
# includes _iis_settings
$Operation = 'get_iis_binding'
$Modules = @(,'WebAdministration')
$Changes = $false
$replies += Invoke-Body $Operation $Modules $Changes {


<#
.SYNOPSIS
    Read all HTTPS bindings and the http.sys records that hold their certificates.
.OUTPUTS
    One row: sites, bindings, records, which of the services wanted the host has, and settings.
#>

$Services = @('adfssrv', 'appproxysvc', 'RemoteAccess', 'RaMgmtSvc', 'WinRM', 'WMSVC')






$sites = foreach ($site in @(Get-Website)) {
    # Windows knows no state of a site without an http binding, FTP's say: 0x800710D8.
    $state = 'Unknown'
    try { if ($site.state) { $state = "$($site.state)" } } catch { $state = 'Unknown' }
    @{ id = [long]$site.id; name = "$($site.name)"; state = $state }
}
$bindings = foreach ($binding in @(Get-WebBinding -Protocol 'https')) {
    @{
        path        = "$($binding.ItemXPath)"
        information = "$($binding.bindingInformation)"
        flags       = [long]$binding.sslFlags
    }
}
$records = @(Get-HttpRecord)
# Whose service is there matters where a record has another AppId than that of IIS.
$iis = '129,225,195,77,75,225,33,74,176,34,89,252,102,155,9,20'
$foreign = @($records | Where-Object { "$($_.binary['AppId'] -join ',')" -ne $iis })
# Windows has services of roles that nobody uses: they are disabled, Start is 4.
$present = foreach ($service in $Services) {
    if ($foreign.Count -eq 0) { break }
    $values = Get-RegistryValue "HKLM:\SYSTEM\CurrentControlSet\Services\$service"
    # Not .Count: a value may have that name.
    if (@($values.GetEnumerator()).Count -gt 0 -and $values['Start'] -ne 4) { $service }
}

@{
    sites        = @($sites)
    bindings     = @($bindings)
    records      = $records
    services     = @($present)
    legacy       = @(Get-LegacyHash)
    ftp          = @(Get-FtpCertificate)
    ftp_bindings = @(Get-FtpBinding)
}
}
