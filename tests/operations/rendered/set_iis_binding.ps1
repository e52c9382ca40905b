$Changing = $true
$Reading = $false
$Steps = 1
# includes _registry
# includes _native
# includes _http_record
# includes _http_options
# includes _private_key
# includes _iis_binding
$Operation = 'set_iis_binding'
$Modules = @(,'WebAdministration')
$Changes = $true
$replies += Invoke-Body $Operation $Modules $Changes {


<#
.SYNOPSIS
    Put a certificate on one HTTPS binding of a site.
.OUTPUTS
    One row: site, information, flags, before, after, lost, changed.
#>

$Site = ('B' + [char]0x00FC + 'cher''s')
$Information = '*:443:www.example.com'
$Kind = 'hostnameport'
$Endpoint = 'www.example.com:443'
$Expected = '0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A'
$Thumbprint = '1B1B1B1B1B1B1B1B1B1B1B1B1B1B1B1B1B1B1B1B'
$Store = 'My'
$Options = @(,'clientcertnegotiation=enable')
$Values = $null








$binding = Get-IisBinding $Site $Information
$flags = [long]$binding.sslFlags
$before = Find-HttpRecord $Kind $Endpoint
# What its options shall be: as they are, or as they were before a change that did not end.
$wanted = $before
if ($null -ne $Values) { $wanted = ConvertTo-HttpRecord $Kind $Endpoint $Values }
$isSet = Test-RecordCertificate $before $Thumbprint $Store
$isWhole = $isSet -and @(Get-LostOption $wanted $before).Count -eq 0
$rescue = ''
if (-not $isWhole) {
    $promised = Get-Thumbprint @{ thumbprint = $Expected }
    if (-not $isSet -and (Get-Thumbprint $before) -ne $promised) {
        throw "Binding '$Information' of '$Site' has $(Get-Thumbprint $before), not $promised."
    }
    if (-not $isSet) { Assert-PrivateKey $Thumbprint $Store }
    $isEnded = $false
    try {
        if (-not $isSet) { $binding.AddSslCertificate($Thumbprint, $Store) | Out-Null }
        if ($null -ne $wanted) {
            Restore-HttpRecord $wanted $Thumbprint $Store $Options
            if ($null -eq (Find-HttpRecord $Kind $Endpoint)) {
                # Nobody may be left without a certificate for the sake of an option.
                $binding.AddSslCertificate($Thumbprint, $Store) | Out-Null
            }
        }
        $isEnded = $true
    } catch {
        $failure = $_
    } finally {
        # Here comes a pipeline that is stopped, too.
        $rescue = Repair-HttpRecord $wanted $Thumbprint $Store $Options $isEnded
    }
    if (-not $isEnded) { throw (Add-ErrorText $failure $rescue) }
}

$after = Find-HttpRecord $Kind $Endpoint
if (-not (Test-RecordCertificate $after $Thumbprint $Store)) {
    $has = Get-CertificateText $after
    throw "Binding '$Information' of '$Site' has $has, not $Thumbprint in $Store.$rescue"
}

@{
    site        = $Site
    information = $Information
    flags       = $flags
    before      = $before
    after       = $after
    lost        = @(Get-LostOption $wanted $after)
    changed     = -not $isWhole
}
}
