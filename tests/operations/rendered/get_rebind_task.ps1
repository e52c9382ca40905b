$Changing = $false
$Reading = $true
$Steps = 0
# includes _registry
# includes _native
# includes _http_record
# includes _channel
# includes _shared_template
$Operation = 'get_rebind_task'
$Modules = @(,'ScheduledTasks')
$Changes = $false
$replies += Invoke-Body $Operation $Modules $Changes {


<#
.SYNOPSIS
    Read the rebind task, every other task on the same event, and what makes it dangerous.
.OUTPUTS
    One row: enabled (of the channel), tasks, shared, autoenrollment.
#>

$TaskPath = '\Microsoft\Windows\CertificateServicesClient\'
$TaskName = 'IIS-AutoCertRebind'
$Places = @('\Microsoft\Windows\CertificateServicesClient\IIS-AutoCertRebind', '\Microsoft\Windows\CertificateServicesClient\Notification\psrebind')
$Channel = 'Microsoft-Windows-CertificateServicesClient-Lifecycle-System/Operational'







function Get-TaskRow($Task) {
    $place = @{ TaskPath = $Task.TaskPath; TaskName = $Task.TaskName; ErrorAction = 'Stop' }
    $info = Get-ScheduledTaskInfo @place
    $lastRun = $null
    if ($null -ne $info.LastRunTime) {
        $lastRun = $info.LastRunTime.ToUniversalTime().ToString('o')
    }
    @{
        path        = "$($Task.TaskPath)"
        name        = "$($Task.TaskName)"
        state       = "$($Task.State)"
        xml         = Export-ScheduledTask @place
        last_run    = $lastRun
        last_result = [long]$info.LastTaskResult
    }
}

# A broken task of somebody else's must not hide all others.
$broken = @()
$all = @(Get-ScheduledTask -ErrorAction SilentlyContinue -ErrorVariable broken)
if ($all.Count -eq 0 -and @($broken).Count -gt 0) { throw $broken[0] }
foreach ($failure in @($broken)) { Write-Warning "A task of the host cannot be read: $failure" }
$tasks = foreach ($task in $all) {
    $waiting = @($task.Triggers | Where-Object {
        $null -ne $_ -and $_.CimClass.CimClassName -eq 'MSFT_TaskEventTrigger' -and
        "$($_.Subscription)" -like "*$Channel*" })
    $name = "$($task.TaskPath)$($task.TaskName)"
    $own = @($Places | Where-Object { [string]::Equals($_, $name, 'OrdinalIgnoreCase') })
    if ($waiting.Count -gt 0 -or $own.Count -gt 0) {
        try {
            Get-TaskRow $task
        } catch {
            if ([string]::Equals($name, "$TaskPath$TaskName", 'OrdinalIgnoreCase')) { throw }
            Write-Warning "The task $name cannot be read: $($_.Exception.Message)"
        }
    }
}

$log = Get-Channel $Channel
$enabled = $null
if ($null -ne $log) { $enabled = [bool]$log.IsEnabled }
@{
    enabled        = $enabled
    tasks          = @($tasks)
    shared         = @(Get-SharedTemplate)
    autoenrollment = Test-Autoenrollment
}
}
