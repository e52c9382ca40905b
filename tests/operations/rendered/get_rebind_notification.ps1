$Changing = $false
$Reading = $true
$Steps = 0
# includes _find_task
# includes _notification
$Operation = 'get_rebind_notification'
$Modules = @(,'ScheduledTasks')
$Changes = $false
$replies += Invoke-Body $Operation $Modules $Changes {


<#
.SYNOPSIS
    Read psrebind's certificate notification task and the script that it runs.
.OUTPUTS
    One row: script (its path), handler (its text), state, arguments, waiting.
#>

$TaskPath = '\Microsoft\Windows\CertificateServicesClient\Notification\'
$TaskName = 'psrebind'
$Channel = 'Microsoft-Windows-CertificateServicesClient-Lifecycle-System/Operational'




Get-Notification $TaskPath $TaskName $Channel
}
