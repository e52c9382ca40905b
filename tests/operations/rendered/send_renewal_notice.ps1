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
$Reading = $false
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
    Reading the registry, value by value, without a word of the host's language.
#>

# The values of a key by name, from what Get-ItemProperty gave, which is nothing for a key without.
# PowerShell's own notes hide values of their names: of these only that they are there is known.
function ConvertTo-RegistryValue($Key, $Item) {
    $notes = '^PS(Path|ParentPath|ChildName|Drive|Provider)$'
    $values = @{}
    if ($null -ne $Item) {
        foreach ($property in $Item.PSObject.Properties) {
            if ($property.Name -notmatch $notes) { $values[$property.Name] = $property.Value }
        }
    }
    foreach ($name in @($Key.Property) -match $notes) { $values[$name] = 'a value' }
    $values
}

# One key: its values by name and how many keys are below it; nothing where it is missing.
function Get-RegistryKey([string]$Path) {
    $key = Get-Item -LiteralPath $Path -ErrorAction SilentlyContinue
    # What is there and cannot be read is an error.
    if ($null -eq $key -and (Test-Path -LiteralPath $Path)) { $key = Get-Item -LiteralPath $Path }
    if ($null -ne $key) {
        @{
            values = ConvertTo-RegistryValue $key (Get-ItemProperty -LiteralPath $Path)
            below  = $key.SubKeyCount
        }
    }
}

# All values of a key by name; empty where the key is missing.
function Get-RegistryValue([string]$Path) {
    $key = Get-RegistryKey $Path
    if ($null -eq $key) { @{} } else { $key.values }
}

# The names of the keys below one; none where it is missing.
function Get-RegistrySubkeyName([string]$Path) {
    if (Test-Path -LiteralPath $Path) {
        Get-ChildItem -LiteralPath $Path | ForEach-Object { $_.PSChildName }
    }
}

# The values of keys by the keys' place in a list. One key goes through after the other: one without
# values gives nothing.
function Get-RegistryItem($Keys) {
    $items = @{}
    $number = -1
    $Keys | ForEach-Object { $number++; $_ } | Get-ItemProperty -ErrorAction SilentlyContinue |
        ForEach-Object { $items[$number] = $_ }
    $items
}

# The names of the keys below the keys below one, by the path of the key between.
function Get-RegistryGrandchild([string]$Path, [string]$Top) {
    $names = @{}
    foreach ($key in @(Get-ChildItem -LiteralPath $Path -Recurse -ErrorAction SilentlyContinue)) {
        $parent = $key.PSParentPath
        if (-not [string]::Equals($parent, $Top, 'OrdinalIgnoreCase')) {
            $names[$parent] = @($names[$parent] | Where-Object { $_ }) + $key.PSChildName
        }
    }
    $names
}

# The keys below one with their values and the names of the keys below them, in one pass: each call
# of the provider takes milliseconds, and a host may have thousands of keys.
function Get-RegistrySubkey([string]$Path) {
    if (-not (Test-Path -LiteralPath $Path)) { return }
    $counts = @{}
    $below = @{}
    $keys = @(Get-ChildItem -LiteralPath $Path | ForEach-Object {
        $counts[$counts.Count] = $_.SubKeyCount
        $_
    })
    if (@($counts.Values | Where-Object { $_ -gt 0 }).Count -gt 0) {
        $below = Get-RegistryGrandchild $Path $keys[0].PSParentPath
    }
    $items = Get-RegistryItem $keys
    for ($number = 0; $number -lt $keys.Count; $number++) {
        $key = $keys[$number]
        if ($null -eq $items[$number] -and @($key.Property | Where-Object { $_ }).Count -gt 0) {
            # Gone meanwhile, or not to be read, which is an error.
            if (-not (Test-Path -LiteralPath $key.PSPath)) { continue }
            $items[$number] = Get-ItemProperty -LiteralPath $key.PSPath
        }
        $names = @($below[$key.PSPath] | Where-Object { $_ })
        # Nobody knows the names of keys that are not to be read.
        if ($counts[$number] -gt $names.Count) { $names += '?' }
        @{
            name   = $key.PSChildName
            values = ConvertTo-RegistryValue $key $items[$number]
            below  = $names
        }
    }
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
$Operation = 'send_renewal_notice'
$Modules = @(,'PKI')
$Changes = $false
$replies += Invoke-Body $Operation $Modules $Changes {


<#
.SYNOPSIS
    Tell Windows that one certificate has replaced another: event 1001.
.OUTPUTS
    One row: enabled (of the channel), record (the event's number), linked, and the stores.
#>

$Old = '0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A'
$New = '1B1B1B1B1B1B1B1B1B1B1B1B1B1B1B1B1B1B1B1B'
$Link = $false
$Stores = @('My', 'WebHosting')
$Channel = 'Microsoft-Windows-CertificateServicesClient-Lifecycle-System/Operational'
$Query = '*[System[(EventID=1001)]] and (*[UserData[CertNotificationData[CertificateDetails[@Thumbprint=''0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a'' or @Thumbprint=''0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A'']]]] or *[UserData[CertNotificationData[OldCertificateDetails[@Thumbprint=''0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a'' or @Thumbprint=''0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A'']]]] or *[UserData[CertNotificationData[NewCertificateDetails[@Thumbprint=''0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a'' or @Thumbprint=''0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A'']]]])'






function Get-LastNotice {
    $found = @(Get-EventOrNothing $Channel $Query 1 $false $true)
    if ($found.Count -gt 0) { [long]$found[0].RecordId } else { [long]0 }
}

# Where a certificate lies, in the first of the stores that Windows finds it in.
function Find-Certificate([string]$Thumbprint) {
    $archived = ''
    foreach ($store in $Stores) {
        $path = "Cert:\LocalMachine\$store\$Thumbprint"
        # The drive lists no archived certificates; by its path one may well be found.
        if (Test-Path -LiteralPath $path) { return @{ store = $store; path = $path } }
        $key = "HKLM:\SOFTWARE\Microsoft\SystemCertificates\$store\Certificates"
        if (@(Get-RegistrySubkeyName $key) -contains $Thumbprint) { $archived = $path }
    }
    if ($archived) {
        throw "The certificate $archived is archived, and Windows does not find it by its path: " +
            "it cannot be told of it. $without"
    }
    throw "There is no certificate $Thumbprint in $($Stores -join ' or ')."
}

$without = "'psrebind rebind' and 'psrebind replay' need no event."
$from = Find-Certificate $Old
$to = Find-Certificate $New
$log = Get-Channel $Channel
if ($null -eq $log) { throw "There is no log $Channel on this Windows." }
$enabled = [bool]$log.IsEnabled
$last = Get-LastNotice
$notice = @{ OldCert = $from.path; NewCert = $to.path; NotifyOnly = -not $Link; Confirm = $false }
try {
    Switch-Certificate @notice -ErrorAction Stop | Out-Null
} catch {
    $why = "$($_.Exception.Message)"
    $outside = @($from, $to | Where-Object {
        -not [string]::Equals($_.store, 'My', 'OrdinalIgnoreCase') })
    if ($outside.Count -eq 0) { throw }
    throw "Windows cannot be told of $($outside[0].path): $why $without"
}

$record = Get-LastNotice
# Windows writes an event when it gets to it: reading at once has been seen to miss it.
for ($try = 1; $enabled -and $record -le $last -and $try -le 50; $try++) {
    Start-Sleep -Milliseconds 300
    $record = Get-LastNotice
}
if ($enabled -and $record -le $last) {
    throw "Switch-Certificate ended without an event 1001 for $($from.path)."
}
@{
    enabled   = $enabled
    record    = if ($record -gt $last) { $record } else { $null }
    linked    = $Link
    old_store = $from.store
    new_store = $to.store
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
