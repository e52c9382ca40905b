$Changing = $true
$Reading = $false
$Steps = 1
# includes _registry
# includes _native
# includes _http_record
# includes _channel
# includes _shared_template
# includes _find_task
# includes _notification
# includes _system_policy
$Operation = 'register_rebind_notification'
$Modules = @('PKI', 'ScheduledTasks')
$Changes = $true
$replies += Invoke-Body $Operation $Modules $Changes {


<#
.SYNOPSIS
    Register a certificate notification task that rebinds, and turn its event log on.
.OUTPUTS
    One row: before, after (what is there), enabled_before, enabled_after, policy, shared,
    autoenrollment, skipped, changed.
#>

$TaskPath = '\Microsoft\Windows\CertificateServicesClient\Notification\'
$TaskName = 'psrebind'
$Channel = 'Microsoft-Windows-CertificateServicesClient-Lifecycle-System/Operational'
$Handler = ('# Written by psrebind, which registers it as a certificate notification task: Windows runs it as' + [char]0x000A + '# SYSTEM for each certificate of this computer that another one replaces. Do not edit:' + [char]0x000A + '# ''psrebind task enable --method notification'' writes it anew.' + (-join [char[]](0x000A, 0x000A)) + 'param(' + [char]0x000A + '    [string]$OldCertHash,' + [char]0x000A + '    [string]$NewCertHash,' + [char]0x000A + '    [string]$EventRecordId' + [char]0x000A + ')' + (-join [char[]](0x000A, 0x000A)) + 'foreach ($hash in $OldCertHash, $NewCertHash) {' + [char]0x000A + '    # 87: a parameter is not correct.' + [char]0x000A + '    if ($hash -notmatch ''\A[0-9A-Fa-f]{40}\z'') { exit 87 }' + [char]0x000A + '}' + (-join [char[]](0x000A, 0x000A)) + '& "$env:SystemRoot\System32\inetsrv\appcmd.exe" renew binding `' + [char]0x000A + '    "/oldcert:$OldCertHash" "/newcert:$NewCertHash"' + [char]0x000A + 'exit $LASTEXITCODE' + [char]0x000A)
$Force = $false










$log = Get-Channel $Channel
if ($null -eq $log) { throw "There is no log $Channel on this Windows." }
$enabled = [bool]$log.IsEnabled
$script = Get-HandlerPath
$before = Get-Notification $TaskPath $TaskName $Channel
$written = [string]::Equals($before.handler, $Handler, 'Ordinal')
$registered = [bool](Test-Notification $before)
$shared = @(Get-SharedTemplate)
$autoenrollment = Test-Autoenrollment
$isDone = $written -and $registered -and $enabled
$skipped = $shared.Count -gt 0 -and $autoenrollment -and -not $Force -and -not $isDone
$after = $before

if (-not $skipped) {
    if (-not $enabled) { Enable-Channel $Channel }
    if (-not $written) {
        New-Item -Path (Get-HandlerFolder) -ItemType Directory -Force | Out-Null
        Set-Content -LiteralPath $script -Value $Handler -Encoding ASCII -NoNewline
    }
    if (-not $registered) {
        # The module has no way to change one, and refuses a second of the name.
        if ($before.state) { Remove-CertificateNotificationTask -Name $TaskName -Confirm:$false }
        $task = @{ Type = 'Replace'; Channel = 'System'; Name = $TaskName; PSScript = $script }
        New-CertificateNotificationTask @task -Confirm:$false | Out-Null
    }
    $after = Get-Notification $TaskPath $TaskName $Channel
    if (-not [string]::Equals($after.handler, $Handler, 'Ordinal')) {
        throw "The script $script is not as it was written."
    }
    if (-not (Test-Notification $after)) {
        throw "The task $TaskPath$TaskName is not as it was registered: $($after.arguments)"
    }
}

@{
    before         = $before
    after          = $after
    enabled_before = $enabled
    enabled_after  = [bool](Get-Channel $Channel).IsEnabled
    policy         = Get-SystemPolicy
    shared         = $shared
    autoenrollment = $autoenrollment
    skipped        = $skipped
    changed        = -not $skipped -and -not $isDone
}
}
