$Changing = $true
$Reading = $false
$Steps = 1
# includes _find_task
# includes _notification
$Operation = 'unregister_rebind_notification'
$Modules = @('PKI', 'ScheduledTasks')
$Changes = $true
$replies += Invoke-Body $Operation $Modules $Changes {


<#
.SYNOPSIS
    Take psrebind's certificate notification task and its script away.
.OUTPUTS
    One row: before, after (what is there), changed.
#>

$TaskPath = '\Microsoft\Windows\CertificateServicesClient\Notification\'
$TaskName = 'psrebind'
$Channel = 'Microsoft-Windows-CertificateServicesClient-Lifecycle-System/Operational'




$before = Get-Notification $TaskPath $TaskName $Channel
# The task first: it must never run a script that is not there.
if ($before.state) { Remove-CertificateNotificationTask -Name $TaskName -Confirm:$false }
if ($null -ne $before.handler) { Remove-Item -LiteralPath (Get-HandlerPath) -Confirm:$false }
$after = Get-Notification $TaskPath $TaskName $Channel
if ($after.state) { throw "The task $TaskPath$TaskName is still there." }
if ($null -ne $after.handler) { throw "The script $(Get-HandlerPath) is still there." }

@{
    before  = $before
    after   = $after
    changed = $null -ne $before.state -or $null -ne $before.handler
}
}
