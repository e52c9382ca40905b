$Changing = $true
$Reading = $false
$Steps = 1
# includes _find_task
# includes _task
$Operation = 'unregister_rebind_task'
$Modules = @(,'ScheduledTasks')
$Changes = $true
$replies += Invoke-Body $Operation $Modules $Changes {


<#
.SYNOPSIS
    Take the rebind task away.
.OUTPUTS
    One row: before, after (XML), changed.
#>

$TaskPath = '\Microsoft\Windows\CertificateServicesClient\'
$TaskName = 'IIS-AutoCertRebind'




$before = Get-TaskXml $TaskPath $TaskName
if ($before) {
    $task = @{ TaskPath = $TaskPath; TaskName = $TaskName; Confirm = $false }
    Unregister-ScheduledTask @task -ErrorAction Stop
}
$after = Get-TaskXml $TaskPath $TaskName
if ($after) { throw "The task $TaskPath$TaskName is still there." }

@{ before = $before; after = $after; changed = [bool]$before }
}
