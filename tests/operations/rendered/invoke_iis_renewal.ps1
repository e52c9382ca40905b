$Changing = $true
$Reading = $false
$Steps = 1
# includes _registry
# includes _native
# includes _http_record
# includes _http_options
# includes _private_key
# includes _iis_binding
$Operation = 'invoke_iis_renewal'
$Modules = @()
$Changes = $true
$replies += Invoke-Body $Operation $Modules $Changes {
<#
.SYNOPSIS
    Run appcmd renew binding, as the rebind task of Windows does, and say what it changed.
.OUTPUTS
    One row: exit, output, before, after, lost, changed.
#>

$Old = '0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A'
$New = '1B1B1B1B1B1B1B1B1B1B1B1B1B1B1B1B1B1B1B1B'
$Options = @(,@{'record' = 'ipport=0.0.0.0:443'; 'arguments' = @(,'usagecheck=disable')})








# What netsh wants to put a record's options back.
function Get-GivenOption([string]$Name) {
    $Options | Where-Object { [string]::Equals($_.record, $Name, 'OrdinalIgnoreCase') } |
        ForEach-Object { $_.arguments }
}

$before = @(Get-HttpRecord | Where-Object { $_.thumbprint -eq $Old })
$opened = @()
foreach ($record in $before) {
    $store = $record.store
    $same = @($opened | Where-Object { [string]::Equals($_, $store, 'OrdinalIgnoreCase') })
    if ($same.Count -gt 0) { continue }
    Assert-PrivateKey $New $store
    $opened += $store
}
$isEnded = $false
try {
    $appcmd = Invoke-Native "$env:SystemRoot\System32\inetsrv\appcmd.exe" @(
        'renew', 'binding', "/oldcert:$Old", "/newcert:$New")
    foreach ($record in $before) {
        $now = Find-HttpRecord $record.kind $record.endpoint
        if ((Get-Thumbprint $now) -eq $New) {
            $given = @(Get-GivenOption "$($record.kind)=$($record.endpoint)")
            Restore-HttpRecord $record $New $now.store $given
        }
    }
    $isEnded = $true
} catch {
    $failure = $_
} finally {
    # Here comes a pipeline that is stopped, too.
    $told = @(foreach ($record in $before) {
        $given = @(Get-GivenOption "$($record.kind)=$($record.endpoint)")
        Repair-HttpRecord $record $New $record.store $given $isEnded
    }) -join ''
}
if (-not $isEnded) { throw (Add-ErrorText $failure $told) }
if ($told) { Write-Warning $told.Trim() }

$after = @()
$lost = @()
foreach ($record in $before) {
    $now = Find-HttpRecord $record.kind $record.endpoint
    if ($null -eq $now) { continue }
    $after += $now
    foreach ($option in @(Get-LostOption $record $now)) {
        $lost += "$($record.kind)=$($record.endpoint): $option"
    }
}

@{
    exit    = $appcmd.exit
    output  = $appcmd.output
    before  = $before
    after   = $after
    lost    = $lost
    changed = @($after | Where-Object { $_.thumbprint -eq $New }).Count -gt 0
}
}
