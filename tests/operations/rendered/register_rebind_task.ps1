$Changing = $true
$Reading = $false
$Steps = 1
# includes _registry
# includes _native
# includes _http_record
# includes _channel
# includes _shared_template
# includes _find_task
# includes _task
$Operation = 'register_rebind_task'
$Modules = @(,'ScheduledTasks')
$Changes = $true
$replies += Invoke-Body $Operation $Modules $Changes {


<#
.SYNOPSIS
    Register the rebind task that IIS Manager makes, and turn its event log on.
.OUTPUTS
    One row: before, after (XML), enabled_before, enabled_after, shared, autoenrollment,
    skipped, changed.
#>

$TaskPath = '\Microsoft\Windows\CertificateServicesClient\'
$TaskName = 'IIS-AutoCertRebind'
$Channel = 'Microsoft-Windows-CertificateServicesClient-Lifecycle-System/Operational'
$Xml = '<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task"><RegistrationInfo><URI>\Microsoft\Windows\CertificateServicesClient\IIS-AutoCertRebind</URI></RegistrationInfo><Triggers><EventTrigger><Enabled>true</Enabled><Subscription>&lt;QueryList&gt;&lt;Query Id=''0''&gt;&lt;Select Path=''Microsoft-Windows-CertificateServicesClient-Lifecycle-System/Operational''&gt;*[System[EventID=1001]]&lt;/Select&gt;&lt;/Query&gt;&lt;/QueryList&gt;</Subscription><ValueQueries><Value name="NewCertHash">Event/UserData/CertNotificationData/NewCertificateDetails/@Thumbprint</Value><Value name="OldCertHash">Event/UserData/CertNotificationData/OldCertificateDetails/@Thumbprint</Value></ValueQueries></EventTrigger></Triggers><Principals><Principal id="System"><UserId>S-1-5-18</UserId><RunLevel>HighestAvailable</RunLevel><LogonType>InteractiveToken</LogonType></Principal></Principals><Settings><MultipleInstancesPolicy>Queue</MultipleInstancesPolicy><DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries><StopIfGoingOnBatteries>true</StopIfGoingOnBatteries><AllowHardTerminate>true</AllowHardTerminate><StartWhenAvailable>false</StartWhenAvailable><RunOnlyIfNetworkAvailable>false</RunOnlyIfNetworkAvailable><IdleSettings><StopOnIdleEnd>true</StopOnIdleEnd><RestartOnIdle>false</RestartOnIdle></IdleSettings><AllowStartOnDemand>true</AllowStartOnDemand><Enabled>true</Enabled><Hidden>false</Hidden><RunOnlyIfIdle>false</RunOnlyIfIdle><WakeToRun>false</WakeToRun><ExecutionTimeLimit>PT1H</ExecutionTimeLimit><Priority>7</Priority><RestartOnFailure><Interval>PT10M</Interval><Count>3</Count></RestartOnFailure></Settings><Actions Context="System"><Exec><Command>%SystemRoot%\System32\inetsrv\appcmd.exe</Command><Arguments>renew binding /oldcert:$(OldCertHash) /newcert:$(NewCertHash)</Arguments></Exec></Actions></Task>'
$Wanted = @('Actions/@Context=System', 'Actions/Exec/Arguments=renew binding /oldcert:$(OldCertHash) /newcert:$(NewCertHash)', 'Actions/Exec/Command=%SystemRoot%\System32\inetsrv\appcmd.exe', 'Principals/Principal/@id=System', 'Principals/Principal/RunLevel=HighestAvailable', 'Principals/Principal/UserId=S-1-5-18', 'Settings/DisallowStartIfOnBatteries=false', 'Settings/ExecutionTimeLimit=PT1H', 'Settings/MultipleInstancesPolicy=Queue', 'Settings/RestartOnFailure/Count=3', 'Settings/RestartOnFailure/Interval=PT10M', 'Triggers/EventTrigger/Subscription/QueryList/Query/Select=*[System[EventID=1001]]', 'Triggers/EventTrigger/Subscription/QueryList/Query/Select/@Path=Microsoft-Windows-CertificateServicesClient-Lifecycle-System/Operational', 'Triggers/EventTrigger/ValueQueries/Value[NewCertHash]=Event/UserData/CertNotificationData/NewCertificateDetails/@Thumbprint', 'Triggers/EventTrigger/ValueQueries/Value[OldCertHash]=Event/UserData/CertNotificationData/OldCertificateDetails/@Thumbprint')
$Tables = @{'defaults' = @{'Triggers/EventTrigger/Enabled' = 'true'; 'Triggers/EventTrigger/Delay' = 'PT0S'; 'Principals/Principal/LogonType' = 'InteractiveToken'; 'Principals/Principal/RunLevel' = 'LeastPrivilege'; 'Settings/AllowHardTerminate' = 'true'; 'Settings/AllowStartOnDemand' = 'true'; 'Settings/DeleteExpiredTaskAfter' = 'PT0S'; 'Settings/DisallowStartIfOnBatteries' = 'true'; 'Settings/DisallowStartOnRemoteAppSession' = 'false'; 'Settings/Enabled' = 'true'; 'Settings/ExecutionTimeLimit' = 'PT72H'; 'Settings/Hidden' = 'false'; 'Settings/IdleSettings/Duration' = 'PT10M'; 'Settings/IdleSettings/RestartOnIdle' = 'false'; 'Settings/IdleSettings/StopOnIdleEnd' = 'true'; 'Settings/IdleSettings/WaitTimeout' = 'PT1H'; 'Settings/MultipleInstancesPolicy' = 'IgnoreNew'; 'Settings/Priority' = '7'; 'Settings/RunOnlyIfIdle' = 'false'; 'Settings/RunOnlyIfNetworkAvailable' = 'false'; 'Settings/StartWhenAvailable' = 'false'; 'Settings/StopIfGoingOnBatteries' = 'true'; 'Settings/Volatile' = 'false'; 'Settings/WakeToRun' = 'false'}; 'ignored' = @('@version', 'RegistrationInfo', 'Settings/UseUnifiedSchedulingEngine', 'Triggers/EventTrigger/Subscription/QueryList/Query/@Id', 'Triggers/EventTrigger/Subscription/QueryList/Query/@Path'); 'same' = @{'Principals/Principal/LogonType=ServiceAccount' = 'InteractiveToken'; 'Principals/Principal/UserId=SYSTEM' = 'S-1-5-18'; 'Principals/Principal/UserId=LocalSystem' = 'S-1-5-18'; 'Principals/Principal/UserId=NT AUTHORITY\SYSTEM' = 'S-1-5-18'; 'Settings/ExecutionTimeLimit=P3D' = 'PT72H'; 'Settings/ExecutionTimeLimit=PT60M' = 'PT1H'; 'Settings/ExecutionTimeLimit=PT3600S' = 'PT1H'; 'Settings/RestartOnFailure/Interval=PT600S' = 'PT10M'; 'Actions/Exec/Command=%SystemRoot%\System32\inetsrv\appcmd.exe' = '%SystemRoot%\System32\inetsrv\appcmd.exe'; 'Actions/Exec/Command="%SystemRoot%\System32\inetsrv\appcmd.exe"' = '%SystemRoot%\System32\inetsrv\appcmd.exe'; 'Actions/Exec/Command=%windir%\System32\inetsrv\appcmd.exe' = '%SystemRoot%\System32\inetsrv\appcmd.exe'}}
$Force = $false









$log = Get-Channel $Channel
if ($null -eq $log) { throw "There is no log $Channel on this Windows." }
$enabled = [bool]$log.IsEnabled
$before = Get-TaskXml $TaskPath $TaskName
$form = ''
if ($before) { $form = Get-CanonicalTask $before $Tables }
$goal = Join-Line $Wanted
$same = [string]::Equals($form, $goal, 'Ordinal')
$shared = @(Get-SharedTemplate)
$autoenrollment = Test-Autoenrollment
# A task that is right and active already is no danger more for being left as it is.
$isDone = $same -and $enabled
$skipped = $shared.Count -gt 0 -and $autoenrollment -and -not $Force -and -not $isDone
$after = $before

if (-not $skipped) {
    if (-not $enabled) { Enable-Channel $Channel }
    if (-not $same) {
        $task = @{ TaskPath = $TaskPath; TaskName = $TaskName; Xml = $Xml }
        Register-ScheduledTask @task -Force -ErrorAction Stop | Out-Null
    }
    $after = Get-TaskXml $TaskPath $TaskName
    if (-not $after) { throw "The task $TaskPath$TaskName is not there after registering it." }
    if (-not [string]::Equals((Get-CanonicalTask $after $Tables), $goal, 'Ordinal')) {
        throw "The task $TaskPath$TaskName is not as it was registered: $after"
    }
}

@{
    before         = $before
    after          = $after
    enabled_before = $enabled
    enabled_after  = [bool](Get-Channel $Channel).IsEnabled
    shared         = $shared
    autoenrollment = $autoenrollment
    skipped        = $skipped
    changed        = -not $skipped -and -not $isDone
}
}
