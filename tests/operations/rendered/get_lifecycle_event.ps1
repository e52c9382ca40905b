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
    Running a native program by a list of arguments.
#>

# The exit status and the lines of output, which are shown to people and never read for words.
function Invoke-Native([string]$Program, [string[]]$Arguments) {
    # Windows PowerShell 5.1 makes error records of what a program writes to its error stream.
    $ErrorActionPreference = 'Continue'
    $output = @(& $Program @Arguments 2>&1 | ForEach-Object { "$_" })
    @{ exit = [int]$LASTEXITCODE; output = $output }
}
<#
.SYNOPSIS
    An event log: whether it is on, and turning it on.
#>

# The log, nothing where there is none.
function Get-Channel([string]$Channel) {
    try {
        Get-WinEvent -ListLog $Channel -ErrorAction Stop
    } catch {
        if ("$($_.FullyQualifiedErrorId)" -notlike 'NoMatchingLogsFound,*') { throw }
    }
}

function Enable-Channel([string]$Channel) {
    $wevtutil = "$env:SystemRoot\System32\wevtutil.exe"
    $result = Invoke-Native $wevtutil @('sl', $Channel, '/e:true')
    if (-not (Get-Channel $Channel).IsEnabled) {
        throw "The log $Channel is still off; wevtutil ended with $($result.exit)."
    }
}
<#
.SYNOPSIS
    Events of a log, of which none hides the others.
#>

# The events that fit, nothing where none does: the error of any other query is one. Windows makes
# a text of each, which nobody here needs; where it cannot, that event has an error beside it, whose
# id is its own message.
function Get-EventOrNothing([string]$Log, [string]$XPath, [long]$Most, [bool]$FromStart,
    [bool]$Silent) {
    $texts = @()
    $read = 0
    $failure = $null
    $wanted = @{ LogName = $Log; FilterXPath = $XPath; MaxEvents = $Most; Oldest = $FromStart }
    # A loop for `break` to end by name: what is thrown through a cmdlet comes out with another id.
    :reading foreach ($once in 1) {
        Get-WinEvent @wanted -ErrorAction Continue 2>&1 | ForEach-Object {
            if ($_.PSObject.TypeNames[0] -ne 'System.Management.Automation.ErrorRecord') {
                $read += 1
                return $_
            }
            $id = "$($_.FullyQualifiedErrorId)"
            $text = "$($_.Exception.Message)"
            if ($id -like 'NoMatchingEventsFound,*') { return }
            # What is no event's own is an error; and a log that is torn has errors without end.
            $own = $id -eq "$text,Microsoft.PowerShell.Commands.GetWinEventCommand"
            if (-not $own -or $texts.Count - $read -gt 100) { $failure = $_; break reading }
            $texts += $text
        }
    }
    if ($null -ne $failure) { throw $failure }
    if ($texts.Count -gt 0 -and -not $Silent) {
        Write-Warning ("Windows could not read or show $($texts.Count) of the events of $Log; " +
            "those that it gave are here. The first error: $($texts[0])")
    }
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
$Operation = 'get_lifecycle_event'
$Modules = @()
$Changes = $false
$replies += Invoke-Body $Operation $Modules $Changes {
<#
.SYNOPSIS
    Read certificate lifecycle events, and how far back their logs reach.
.OUTPUTS
    One row per channel: channel, enabled, records, oldest, events (their raw XML), and whether
    these came through a console.
#>

$Channels = @(,'Microsoft-Windows-CertificateServicesClient-Lifecycle-System/Operational')
$Query = '*'
$Newest = 1000





foreach ($channel in $Channels) {
    $log = Get-Channel $channel
    $row = @{ channel = $channel; enabled = $null; records = $null; oldest = $null }
    $row.events = @()
    $row.console = $false
    if ($null -ne $log) {
        $row.enabled = [bool]$log.IsEnabled
        $row.records = [long]$log.RecordCount
        try {
            $first = Get-EventOrNothing $channel '*' 1 $true $true
            if ($null -ne $first) {
                $row.oldest = $first.TimeCreated.ToUniversalTime().ToString('o')
            }
            # Of an empty log too: a query that Windows refuses is an error everywhere.
            $events = @(Get-EventOrNothing $channel $Query $Newest $false $false)
            if ($ExecutionContext.SessionState.LanguageMode -eq 'FullLanguage') {
                $row.events = @($events | ForEach-Object { $_.ToXml() })
            } elseif ($events.Count -gt 0) {
                # ToXml is a method, which Constrained Language refuses. The program writes in the
                # console's code page: a letter that this lacks is lost.
                $row.console = $true
                $read = Invoke-Native "$env:SystemRoot\System32\wevtutil.exe" @(
                    'qe', $channel, "/q:$Query", '/f:xml', "/c:$Newest", '/rd:true')
                if ($read.exit -ne 0) { throw "wevtutil ended with $($read.exit) for $channel." }
                $row.events = @($read.output)
            }
        } catch {
            # A log that is off need not have a file to be read.
            if ($row.enabled) { throw }
            Write-Warning "$channel is off and cannot be read: $($_.Exception.Message)"
        }
    }
    $row
}
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
