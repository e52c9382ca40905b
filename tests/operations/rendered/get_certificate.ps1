$Changing = $false
$Reading = $true
$Steps = 0
# includes _registry
$Operation = 'get_certificate'
$Modules = @()
$Changes = $false
$replies += Invoke-Body $Operation $Modules $Changes {
<#
.SYNOPSIS
    Read the certificates of the machine's stores, archived ones included.
.OUTPUTS
    One row per certificate: store, thumbprint, blob (the store's own bytes).
#>

$Stores = @('My', 'WebHosting')



foreach ($store in $Stores) {
    $path = "HKLM:\SOFTWARE\Microsoft\SystemCertificates\$store\Certificates"
    foreach ($key in @(Get-RegistrySubkey $path)) {
        @{ store = $store; thumbprint = $key.name; blob = $key.values['Blob'] }
    }
}
}
