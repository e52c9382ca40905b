# The ScheduledTasks module over the host's Task Scheduler. Its commands are CIM commands: an error
# of theirs is non-terminating unless -ErrorAction stands on the call itself.

# The enumeration that the module makes when it is loaded: a word to print, a number to compare.
function global:Get-LabTaskState {
    param([string]$Word)
    if ($null -eq $global:LabTaskStates) {
        $builder = [System.Reflection.Emit.AssemblyBuilder]::DefineDynamicAssembly(
            [System.Reflection.AssemblyName]::new('LabTaskStates'), 'Run')
        $type = $builder.DefineDynamicModule('LabTaskStates').DefineEnum(
            'Microsoft.PowerShell.Cmdletization.GeneratedTypes.ScheduledTask.StateEnum',
            'Public', [int])
        $number = 0
        foreach ($name in 'Unknown', 'Disabled', 'Queued', 'Ready', 'Running') {
            $null = $type.DefineLiteral($name, $number++)
        }
        $global:LabTaskStates = $type.CreateType()
    }
    [System.Enum]::Parse($global:LabTaskStates, $Word)
}
$global:LabTaskStates = $null

function global:New-LabInstance {
    param([string]$Class, [System.Collections.IDictionary]$Table)
    $cim = 'Microsoft.Management.Infrastructure.CimInstance'
    $Table['CimClass'] = New-LabObject @{ CimClassName = $Class }
    $object = New-LabObject $Table $cim
    foreach ($name in "$cim#$Class", "$cim#Root/Microsoft/Windows/TaskScheduler/$Class") {
        $object.PSObject.TypeNames.Insert(0, $name)
    }
    $object
}

function global:New-LabTask {
    param($Row)
    $triggers = @(foreach ($trigger in $Row['triggers']) {
            $table = [ordered]@{ Enabled = $trigger['enabled'] }
            # No other kind of trigger has one.
            if ($trigger['kind'] -eq 'MSFT_TaskEventTrigger') {
                $table['Subscription'] = $trigger['subscription']
            }
            New-LabInstance $trigger['kind'] $table
        })
    $actions = @(foreach ($action in $Row['actions']) {
            New-LabInstance 'MSFT_TaskExecAction' ([ordered]@{
                    Execute = $action['execute']; Arguments = $action['arguments'] })
        })
    New-LabInstance 'MSFT_ScheduledTask' ([ordered]@{
            TaskPath = $Row['path']
            TaskName = $Row['name']
            URI      = $Row['uri']
            State    = Get-LabTaskState $Row['state']
            Triggers = $triggers
            Actions  = $actions
        })
}

function global:Write-LabTaskFault {
    param($Cmdlet, $Record)
    if ($Record.CategoryInfo.Category -eq 'NotImplemented') {
        $Cmdlet.ThrowTerminatingError($Record)
    }
    $name = $Cmdlet.MyInvocation.MyCommand.Name
    Set-LabErrorId $Record "$($Record.FullyQualifiedErrorId.Split(',')[0]),$name"
    # A preference of the caller's does not reach these commands.
    $ErrorActionPreference = 'Continue'
    $Cmdlet.WriteError($Record)
}

# The rows of tasks that names and paths stand for; what has no wildcard must be there.
function global:Find-LabTask {
    param($Cmdlet, $Bound)
    Assert-LabTaskParameter $Cmdlet $Bound
    $paths = $names = @($null)
    if ($Bound.ContainsKey('TaskPath')) { $paths = $Bound['TaskPath'] }
    if ($Bound.ContainsKey('TaskName')) { $names = $Bound['TaskName'] }
    foreach ($path in $paths) {
        foreach ($name in $names) {
            try {
                foreach ($row in Invoke-LabHost 'tasks.list' @{ path = $path; name = $name }) {
                    if ($row.Contains('error')) {
                        Write-LabTaskFault $Cmdlet (New-LabError $row['error'] 'PS_ScheduledTask')
                    } else {
                        $row
                    }
                }
            } catch {
                Write-LabTaskFault $Cmdlet $_
            }
        }
    }
}

function global:Assert-LabTaskParameter {
    param($Cmdlet, $Bound, [string[]]$Other)
    foreach ($name in @('CimSession', 'AsJob', 'ThrottleLimit') + $Other) {
        if ($name -and $Bound.ContainsKey($name)) {
            Deny-LabCommand $Cmdlet "$($Cmdlet.MyInvocation.MyCommand.Name) -$name"
        }
    }
}

# One task by -InputObject, or by name and path; without a path it is one of the root folder.
function global:Get-LabTaskPlace {
    param($Bound)
    if ($Bound.ContainsKey('InputObject')) {
        $task = $Bound['InputObject']
        return @{ path = $task.TaskPath; name = $task.TaskName }
    }
    @{ path = Format-LabTaskPath $Bound['TaskPath']; name = $Bound['TaskName'] }
}

function global:Format-LabTaskPath {
    param([string]$Path)
    $trimmed = $Path.Trim('\')
    if ($trimmed) { "\$trimmed\" } else { '\' }
}

# Calls the host with one task's place; what it says goes to $Then, an error to the caller.
function global:Invoke-LabTask {
    param($Cmdlet, $Bound, [string]$Command, [scriptblock]$Then)
    Assert-LabTaskParameter $Cmdlet $Bound
    $place = Get-LabTaskPlace $Bound
    try {
        $answer = Invoke-LabHost $Command $place
    } catch {
        return Write-LabTaskFault $Cmdlet $_
    }
    # A host that was told to do nothing says nothing.
    if ($Then -and $null -ne $answer) { & $Then $place $answer }
}

function global:ConvertTo-LabTaskInfo {
    param($Place, $Row)
    $times = foreach ($key in 'last_run', 'next_run') {
        if ($null -eq $Row[$key]) { $null; continue }
        $time = [datetime]::Parse($Row[$key], [cultureinfo]::InvariantCulture, 'RoundtripKind')
        # A time without a zone is the host's own.
        if ($time.Kind -eq 'Utc') { $time.ToLocalTime() } else { [datetime]::SpecifyKind($time, 2) }
    }
    New-LabInstance 'MSFT_TaskDynamicInfo' ([ordered]@{
            TaskPath           = $Place['path']
            TaskName           = $Place['name']
            LastRunTime        = $times[0]
            LastTaskResult     = [uint32]$Row['last_result']
            NextRunTime        = $times[1]
            NumberOfMissedRuns = [uint32]$Row['missed_runs']
        })
}

function global:Register-LabTask {
    param($Cmdlet, $Bound)
    if (-not $Bound.ContainsKey('Xml')) {
        Deny-LabCommand $Cmdlet 'Register-ScheduledTask without -Xml'
    }
    Assert-LabTaskParameter $Cmdlet $Bound 'User', 'Password'
    $place = @{ path = Format-LabTaskPath $Bound['TaskPath']; name = $Bound['TaskName'] }
    $force = $Bound.ContainsKey('Force') -and [bool]$Bound['Force']
    try {
        $row = Invoke-LabHost 'tasks.register' @{
            path = $place.path; name = $place.name; xml = $Bound['Xml']; force = $force }
    } catch {
        return Write-LabTaskFault $Cmdlet $_
    }
    if ($null -ne $row) { New-LabTask $row }
}

function global:Unregister-LabTask {
    param($Cmdlet, $Bound)
    Assert-LabTaskParameter $Cmdlet $Bound 'PassThru'
    $rows = if ($Bound.ContainsKey('InputObject')) {
        foreach ($task in $Bound['InputObject']) {
            @{ path = $task.TaskPath; name = $task.TaskName }
        }
    } else {
        Find-LabTask $Cmdlet $Bound
    }
    foreach ($row in $rows) {
        if (-not $Cmdlet.ShouldProcess("$($row['path'])$($row['name'])")) { continue }
        try {
            $null = Invoke-LabHost 'tasks.unregister' @{ path = $row['path']; name = $row['name'] }
        } catch {
            Write-LabTaskFault $Cmdlet $_
        }
    }
}
