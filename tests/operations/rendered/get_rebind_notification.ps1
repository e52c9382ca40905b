<#
.SYNOPSIS
    The frame of every script that psrebind sends: one or more bodies, one ASCII JSON reply.
#>

param([hashtable]$Secrets = @{})

& {
Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'
$WarningPreference = 'Continue'
$ConfirmPreference = 'None'

$Changing = $false
$Reading = $true
$Steps = 0
# What a piece found once, for all bodies of this script.
$memory = @{}
$languageMode = "$($ExecutionContext.SessionState.LanguageMode)"

# ConvertTo-Json differs between 5.1 and 7 in dates, depth, enums and lone surrogates.
function ConvertTo-ReplyString([string]$Value) {
    $text = $Value -replace '\\', '\\' -replace '"', '\"'
    $text = $text -replace '\r', '\r' -replace '\n', '\n' -replace '\t', '\t'
    # With case: without it the Kelvin sign is a k, and goes out as it is.
    if ($text -cnotmatch '[^ -~]') {
        return '"' + $text + '"'
    }
    $characters = foreach ($character in [char[]]$text) {
        $code = [int]$character
        if ($code -ge 32 -and $code -le 126) { $character } else { '\u{0:x4}' -f $code }
    }
    '"' + (-join $characters) + '"'
}

function ConvertTo-ReplyByte([byte[]]$Value) {
    if ($languageMode -eq 'FullLanguage') {
        return '"' + [System.Convert]::ToBase64String($Value) + '"'
    }
    '[' + ($Value -join ',') + ']'
}

function ConvertTo-ReplyJson($Value) {
    if ($null -eq $Value) { return 'null' }
    if ($Value -is [string]) { return ConvertTo-ReplyString $Value }
    if ($Value -is [bool]) { if ($Value) { return 'true' } else { return 'false' } }
    if ($Value -is [byte[]]) { return ConvertTo-ReplyByte $Value }
    if ($Value -is [hashtable]) {
        # Not .Keys: a registry value may have that name, and would be what comes.
        $members = foreach ($entry in $Value.GetEnumerator()) {
            (ConvertTo-ReplyString "$($entry.Key)") + ':' + (ConvertTo-ReplyJson $entry.Value)
        }
        return '{' + ($members -join ',') + '}'
    }
    if ($Value -is [array]) {
        $items = foreach ($item in $Value) { ConvertTo-ReplyJson $item }
        return '[' + ($items -join ',') + ']'
    }
    if ($Value -is [int] -or $Value -is [long] -or $Value -is [byte]) { return "$Value" }
    if ($Value -is [uint32] -or $Value -is [uint64]) { return "$Value" }
    throw "A reply cannot hold a value of type '$($Value.PSObject.TypeNames[0])'."
}

function New-ErrorReply([string]$Message, [string]$ErrorId, [string]$Category) {
    @{
        message = $Message; error_id = $ErrorId; category = $Category
        exception = ''; hresult = $null; line = 0
    }
}

# What went wrong in the end: PowerShell and .NET wrap it.
function Get-InnermostException($Record) {
    $exception = $Record.Exception
    while ($null -ne $exception.InnerException) { $exception = $exception.InnerException }
    $exception
}

function ConvertTo-ErrorReply($Record) {
    $exception = Get-InnermostException $Record
    $reply = New-ErrorReply "$($exception.Message)" "$($Record.FullyQualifiedErrorId)" `
        "$($Record.CategoryInfo.Category)"
    $reply.exception = "$($exception.PSObject.TypeNames[0])"
    # What somebody had to add to it.
    if ($null -ne $Record.ErrorDetails) { $reply.message = "$($Record.ErrorDetails.Message)" }
    $reply.hresult = [long]$exception.HResult
    # A line of another file, a module's, would name the wrong place here.
    $place = $Record.InvocationInfo
    if ($null -ne $place -and -not $place.ScriptName) {
        $reply.line = [int]$place.ScriptLineNumber
    }
    $reply
}

# Queries run in Constrained Language too; a change needs methods and a mutex.
function Test-Precondition([bool]$Changes, [string[]]$Modules) {
    if ($Changes -and $languageMode -ne 'FullLanguage') {
        return New-ErrorReply "A change cannot run in language mode $languageMode." `
            'psrebind.LanguageMode' 'PermissionDenied'
    }
    if ($Changes -and -not $owned) {
        return New-ErrorReply ('Another psrebind is changing this host, or a program there holds ' +
            'the mutex Global\psrebind.') 'psrebind.Busy' 'ResourceBusy'
    }
    foreach ($module in $Modules) {
        if (-not (Get-Module -Name $module) -and -not (Get-Module -Name $module -ListAvailable)) {
            return New-ErrorReply "The module $module is missing." `
                "psrebind.MissingModule,$module" 'NotInstalled'
        }
        Import-Module -Name $module -Verbose:$false
    }
}

# A script of many changes takes its time: each of them is told when it begins.
function Write-Step([string]$Operation) {
    $done = [int]$memory['step']
    $memory['step'] = $done + 1
    Write-Progress -Activity $Operation -Status "$($done + 1) of $Steps" `
        -PercentComplete (100 * $done / $Steps)
}

function Invoke-Body([string]$Operation, [string[]]$Modules, [bool]$Changes, $Body) {
    $reply = @{ operation = $Operation; rows = @(); warnings = @(); error = $null }
    try {
        $reply.error = Test-Precondition $Changes $Modules
        if ($null -eq $reply.error) {
            if ($Changes) { Write-Step $Operation }
            $output = @(& $Body 3>&1)
            $reply.rows = @($output | Where-Object { $_ -is [hashtable] })
            $others = @($output | Where-Object { $_ -isnot [hashtable] })
            $reply.warnings = @($others | ForEach-Object { "$_" })
        }
        $reply.json = ConvertTo-ReplyJson $reply
    } catch {
        $reply.rows = @()
        $reply.error = ConvertTo-ErrorReply $_
        $reply.json = ConvertTo-ReplyJson $reply
    }
    $reply.json
}

<#
.SYNOPSIS
    Finding one scheduled task; only the query's own word is absence.
#>

# The task of exactly this path and name, nothing where there is none. Somebody else's broken task
# may be an error beside it, of the category ObjectNotFound too: 0x80070002.
function Find-Task([string]$TaskPath, [string]$TaskName) {
    $failures = @()
    $query = @{ TaskPath = $TaskPath; TaskName = $TaskName; ErrorAction = 'SilentlyContinue' }
    $found = @(Get-ScheduledTask @query -ErrorVariable failures | Where-Object {
        [string]::Equals("$($_.TaskPath)$($_.TaskName)", "$TaskPath$TaskName", 'OrdinalIgnoreCase')
    })
    if ($found.Count -gt 0) { return $found[0] }
    foreach ($failure in @($failures)) {
        if ("$($failure.FullyQualifiedErrorId)" -notlike 'CmdletizationQuery_NotFound*') {
            throw $failure
        }
    }
}
<#
.SYNOPSIS
    The certificate notification task of the PKI module, and the script that it runs.
#>

# The one folder that psrebind writes on a host: SYSTEM runs what lies there, so that only
# administrators may write to it.
function Get-HandlerFolder {
    "$env:ProgramFiles\psrebind"
}

function Get-HandlerPath {
    "$(Get-HandlerFolder)\rebind.ps1"
}

# What is there: the script's text, and of the task what Windows' own documents tell of it.
# The properties of Get-CertificateNotificationTask's objects are not documented.
function Get-Notification([string]$TaskPath, [string]$TaskName, [string]$Channel) {
    $script = Get-HandlerPath
    $found = @{
        script    = $script
        handler   = $null
        state     = $null
        arguments = $null
        waiting   = $false
    }
    if (Test-Path -LiteralPath $script -PathType Leaf) {
        $found.handler = "$(Get-Content -LiteralPath $script -Raw)"
    }
    $task = Find-Task $TaskPath $TaskName
    if ($null -eq $task) { return $found }
    $found.state = "$($task.State)"
    $found.arguments = "$($task.Actions | Where-Object {
        $_.CimClass.CimClassName -eq 'MSFT_TaskExecAction' } | ForEach-Object { $_.Arguments })"
    $found.waiting = @($task.Triggers | Where-Object {
        $null -ne $_ -and $_.CimClass.CimClassName -eq 'MSFT_TaskEventTrigger' -and
        $_.Enabled -ne $false -and "$($_.Subscription)" -like "*$Channel*1001*" }).Count -gt 0
    $found
}

# Whether the task is there and runs the script at a replaced certificate.
function Test-Notification($Found) {
    $Found.state -and $Found.state -ne 'Disabled' -and $Found.waiting -and
        $Found.arguments -like "*-File ""$(Get-HandlerPath)""*" -and
        $Found.arguments -like '*-OldCertHash $(OldCertHash) -NewCertHash $(NewCertHash)*'
}
$owned = $false
$mutex = $null
if ($Changing -and $languageMode -eq 'FullLanguage') {
    try {
        $mutex = New-Object -TypeName System.Threading.Mutex -ArgumentList $false, 'Global\psrebind'
        $owned = $mutex.WaitOne(0)
    } catch [System.Threading.AbandonedMutexException] {
        # The one that held it died; it is ours now.
        $owned = $true
    } catch {
        # Another account's mutex cannot be opened: somebody holds it.
        $owned = $false
    }
}

$replies = @()
try {
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
} finally {
    if ($owned) { $mutex.ReleaseMutex() }
    if ($null -ne $mutex) { $mutex.Dispose() }
}

$bits = $null
if ($env:PROCESSOR_ARCHITECTURE -eq 'x86') { $bits = 32 }
if ('AMD64', 'ARM64' -contains $env:PROCESSOR_ARCHITECTURE) { $bits = 64 }
$head = ConvertTo-ReplyJson @{
    powershell    = "$($PSVersionTable.PSVersion)"
    language_mode = $languageMode
    process_bits  = $bits
    ui_culture    = (Get-UICulture).Name
    clock         = (Get-Date).ToUniversalTime().ToString('o')
}
$head.Substring(0, $head.Length - 1) + ',"bodies":[' + ($replies -join ',') + ']}'
}
