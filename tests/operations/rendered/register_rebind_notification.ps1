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

$Changing = $true
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

function ConvertTo-ReplyBytes([byte[]]$Value) {
    if ($languageMode -eq 'FullLanguage') {
        return '"' + [System.Convert]::ToBase64String($Value) + '"'
    }
    '[' + ($Value -join ',') + ']'
}

function ConvertTo-ReplyJson($Value) {
    if ($null -eq $Value) { return 'null' }
    if ($Value -is [string]) { return ConvertTo-ReplyString $Value }
    if ($Value -is [bool]) { if ($Value) { return 'true' } else { return 'false' } }
    if ($Value -is [byte[]]) { return ConvertTo-ReplyBytes $Value }
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
    if ($Value -is [int] -or $Value -is [long] -or $Value -is [uint32] -or $Value -is [byte]) {
        return "$Value"
    }
    throw "A reply cannot hold a value of type '$($Value.PSObject.TypeNames[0])'."
}

function New-ErrorReply([string]$Message, [string]$ErrorId, [string]$Category) {
    @{
        message = $Message; error_id = $ErrorId; category = $Category
        exception = ''; hresult = $null; line = 0
    }
}

function ConvertTo-ErrorReply($Record) {
    $exception = $Record.Exception
    while ($null -ne $exception.InnerException) { $exception = $exception.InnerException }
    $reply = New-ErrorReply "$($exception.Message)" "$($Record.FullyQualifiedErrorId)" `
        "$($Record.CategoryInfo.Category)"
    $reply.exception = "$($exception.PSObject.TypeNames[0])"
    $reply.hresult = [long]$exception.HResult
    # A line of another file, a module's, would name the wrong place here.
    $place = $Record.InvocationInfo
    if ($null -ne $place -and -not $place.ScriptName) {
        $reply.line = [int]$place.ScriptLineNumber
    }
    $reply
}

# Queries run in Constrained Language too; a change needs methods and a mutex.
function Get-Obstacle([bool]$Changes, [string[]]$Modules) {
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

function Invoke-Body([string]$Operation, [string[]]$Modules, [bool]$Changes, $Body) {
    $reply = @{ operation = $Operation; rows = @(); warnings = @(); error = $null }
    try {
        $reply.error = Get-Obstacle $Changes $Modules
        if ($null -eq $reply.error) {
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

# All values of a key by name; empty where the key is missing.
function Get-RegistryValues([string]$Path) {
    $values = @{}
    if (Test-Path -LiteralPath $Path) {
        # A key without values gives nothing at all.
        $item = Get-ItemProperty -LiteralPath $Path
        if ($null -ne $item) {
            foreach ($property in $item.PSObject.Properties) {
                if ($property.Name -notmatch '^PS(Path|ParentPath|ChildName|Drive|Provider)$') {
                    $values[$property.Name] = $property.Value
                }
            }
        }
    }
    $values
}

# The names of the keys below one; none where it is missing.
function Get-RegistryChildren([string]$Path) {
    if (Test-Path -LiteralPath $Path) {
        Get-ChildItem -LiteralPath $Path | ForEach-Object { $_.PSChildName }
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
    http.sys records as the registry has them.
#>

function ConvertTo-HttpRecord([string]$Kind, [string]$Name, [hashtable]$Values) {
    $record = @{ kind = $Kind; endpoint = $Name; thumbprint = $null; store = 'My' }
    $record.binary = @{}
    $record.values = @{}
    foreach ($entry in $Values.GetEnumerator()) {
        if ($entry.Value -is [byte[]]) {
            $record.binary[$entry.Key] = $entry.Value
        } else {
            $record.values[$entry.Key] = $entry.Value
        }
    }
    # The keys of SNI records are numbered; the name stands in a value.
    if ($Kind -eq 'hostnameport' -and $Values['HostnamePort']) {
        $record.endpoint = "$($Values['HostnamePort'])"
    }
    if ($Values['SslCertHash']) {
        $record.thumbprint = -join ($Values['SslCertHash'] | ForEach-Object { '{0:X2}' -f $_ })
    }
    if ($Values['SslCertStoreName']) {
        $record.store = "$($Values['SslCertStoreName'])"
    }
    $record
}

function Get-HttpRecordPath([string]$Kind) {
    $folders = @{
        ipport = 'SslBindingInfo'; hostnameport = 'SslSniBindingInfo'; ccs = 'SslCcsBindingInfo'
    }
    "HKLM:\SYSTEM\CurrentControlSet\Services\HTTP\Parameters\$($folders[$Kind])"
}

# Newer Windows keeps more of a record in keys below its own (TlsRestrictions): named here, so that
# nobody takes such a record for one that is wholly known.
function Get-HttpRecordValues([string]$Path) {
    $values = Get-RegistryValues $Path
    foreach ($child in @(Get-RegistryChildren $Path)) { $values["$child\"] = 'a key' }
    $values
}

# A name as a key: by its letters' numbers. In Windows PowerShell a hashtable compares texts by
# language, and there one name may stand for another.
function Get-NameKey([string]$Name) {
    [int[]][char[]]$Name.ToUpperInvariant() -join ' '
}

function Get-HttpRecords([string[]]$Kinds = @('ipport', 'hostnameport', 'ccs')) {
    foreach ($kind in $Kinds) {
        $path = Get-HttpRecordPath $kind
        foreach ($name in @(Get-RegistryChildren $path)) {
            $record = ConvertTo-HttpRecord $kind $name (Get-HttpRecordValues "$path\$name")
            # Numbered keys are searched once; this memory lives as long as the script.
            $memory[(Get-NameKey "$kind=$($record.endpoint)")] = $name
            $record
        }
    }
}

# One record, nothing where there is none. The number of an SNI record's key may change.
function Get-HttpRecord([string]$Kind, [string]$Endpoint) {
    $name = $Endpoint
    if ($Kind -eq 'hostnameport') { $name = $memory[(Get-NameKey "$Kind=$Endpoint")] }
    if ($name) {
        $values = Get-HttpRecordValues "$(Get-HttpRecordPath $Kind)\$name"
        $record = ConvertTo-HttpRecord $Kind $name $values
        $isSame = [string]::Equals($record.endpoint, $Endpoint, 'OrdinalIgnoreCase')
        if ($values.Count -gt 0 -and $isSame) { return $record }
    }
    if ($Kind -eq 'hostnameport') {
        Get-HttpRecords @($Kind) |
            Where-Object { [string]::Equals($_.endpoint, $Endpoint, 'OrdinalIgnoreCase') }
    }
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
    Bound certificates of one template: what makes the rebind task dangerous.
#>

# What names the template: the whole name (version 1), or the OID without its versions (2).
function Get-TemplateKey($Certificate) {
    foreach ($extension in @($Certificate.Extensions)) {
        $bytes = $extension.RawData
        if ($extension.Oid.Value -eq '1.3.6.1.4.1.311.20.2') { return $bytes -join ' ' }
        if ($extension.Oid.Value -eq '1.3.6.1.4.1.311.21.7') {
            return $bytes[4..(3 + $bytes[3])] -join ' '
        }
    }
}

# Autoenrollment renews one certificate of a template and replaces the others by it: the task
# would then put that one on every site.
function Get-SharedTemplate {
    $bound = @(Get-HttpRecords | ForEach-Object { $_.thumbprint } | Sort-Object -Unique)
    $groups = @{}
    foreach ($thumbprint in $bound) {
        $path = "Cert:\LocalMachine\My\$thumbprint"
        if ($thumbprint -and (Test-Path -LiteralPath $path)) {
            $certificate = Get-Item -LiteralPath $path
            $key = Get-TemplateKey $certificate
            # What is archived was renewed already, and is not renewed again.
            if ($key -and -not $certificate.Archived) {
                $groups[$key] = @($groups[$key] | Where-Object { $_ }) + $thumbprint
            }
        }
    }
    foreach ($key in @($groups.Keys | Sort-Object { $groups[$_][0] })) {
        if ($groups[$key].Count -gt 1) { , @($groups[$key]) }
    }
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
$Operation = 'register_rebind_notification'
$Modules = @('PKI', 'ScheduledTasks')
$Changes = $true
$replies += Invoke-Body $Operation $Modules $Changes {


<#
.SYNOPSIS
    Register a certificate notification task that rebinds, and turn its event log on.
.OUTPUTS
    One row: before, after (what is there), enabled_before, enabled_after, policy, shared, skipped,
    changed.
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
$skipped = $shared.Count -gt 0 -and -not $Force
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
    policy         = "$(Get-ExecutionPolicy)"
    shared         = $shared
    skipped        = $skipped
    changed        = -not $skipped -and -not ($written -and $registered -and $enabled)
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
