$Changing = $false
$Reading = $false
$Steps = 0
# includes _registry
# includes _native
# includes _channel
# includes _events
$Operation = 'send_renewal_notice'
$Modules = @(,'PKI')
$Changes = $false
$replies += Invoke-Body $Operation $Modules $Changes {


<#
.SYNOPSIS
    Tell Windows that one certificate has replaced another: event 1001.
.OUTPUTS
    One row: enabled (of the channel), record (the event's number), linked, and the stores.
#>

$Old = '0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A'
$New = '1B1B1B1B1B1B1B1B1B1B1B1B1B1B1B1B1B1B1B1B'
$Link = $false
$Stores = @('My', 'WebHosting')
$Channel = 'Microsoft-Windows-CertificateServicesClient-Lifecycle-System/Operational'
$Query = '*[System[(EventID=1001)]] and (*[UserData[CertNotificationData[CertificateDetails[@Thumbprint=''0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a'' or @Thumbprint=''0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A'']]]] or *[UserData[CertNotificationData[OldCertificateDetails[@Thumbprint=''0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a'' or @Thumbprint=''0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A'']]]] or *[UserData[CertNotificationData[NewCertificateDetails[@Thumbprint=''0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a'' or @Thumbprint=''0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A'']]]])'






function Get-LastNotice {
    $found = @(Get-EventOrNothing $Channel $Query 1 $false $true)
    if ($found.Count -gt 0) { [long]$found[0].RecordId } else { [long]0 }
}

# Where a certificate lies, in the first of the stores that Windows finds it in.
function Find-Certificate([string]$Thumbprint) {
    $archived = ''
    foreach ($store in $Stores) {
        $path = "Cert:\LocalMachine\$store\$Thumbprint"
        # The drive lists no archived certificates; by its path one may well be found.
        if (Test-Path -LiteralPath $path) { return @{ store = $store; path = $path } }
        $key = "HKLM:\SOFTWARE\Microsoft\SystemCertificates\$store\Certificates"
        if (@(Get-RegistrySubkeyName $key) -contains $Thumbprint) { $archived = $path }
    }
    if ($archived) {
        throw "The certificate $archived is archived, and Windows does not find it by its path: " +
            "it cannot be told of it. $without"
    }
    throw "There is no certificate $Thumbprint in $($Stores -join ' or ')."
}

$without = "'psrebind rebind' and 'psrebind replay' need no event."
$from = Find-Certificate $Old
$to = Find-Certificate $New
$log = Get-Channel $Channel
if ($null -eq $log) { throw "There is no log $Channel on this Windows." }
$enabled = [bool]$log.IsEnabled
$last = Get-LastNotice
$notice = @{ OldCert = $from.path; NewCert = $to.path; NotifyOnly = -not $Link; Confirm = $false }
try {
    Switch-Certificate @notice -ErrorAction Stop | Out-Null
} catch {
    $why = "$($_.Exception.Message)"
    $outside = @($from, $to | Where-Object {
        -not [string]::Equals($_.store, 'My', 'OrdinalIgnoreCase') })
    if ($outside.Count -eq 0) { throw }
    throw "Windows cannot be told of $($outside[0].path): $why $without"
}

$record = Get-LastNotice
# Windows writes an event when it gets to it: reading at once has been seen to miss it.
for ($try = 1; $enabled -and $record -le $last -and $try -le 50; $try++) {
    Start-Sleep -Milliseconds 300
    $record = Get-LastNotice
}
if ($enabled -and $record -le $last) {
    throw "Switch-Certificate ended without an event 1001 for $($from.path)."
}
@{
    enabled   = $enabled
    record    = if ($record -gt $last) { $record } else { $null }
    linked    = $Link
    old_store = $from.store
    new_store = $to.store
}
}
