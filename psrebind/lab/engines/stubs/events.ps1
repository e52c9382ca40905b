# Get-WinEvent over the host's event log: the channels, and their events found by XPath.

# An error as the cmdlet writes it, going on after it or not, as -ErrorAction says.
function global:Write-LabEventFault {
    param($Cmdlet, $Record)
    if (-not $Record.FullyQualifiedErrorId.Contains(',')) {
        $class = 'Microsoft.PowerShell.Commands.GetWinEventCommand'
        Set-LabErrorId $Record "$($Record.FullyQualifiedErrorId),$class"
    }
    # What it did not find or may not read is an error among others; a bad query ends the cmdlet.
    if ($Record.CategoryInfo.Category -ne 'ObjectNotFound' -and
        -not $Record.FullyQualifiedErrorId.Contains('LogInfoUnavailable,')) {
        $Cmdlet.ThrowTerminatingError($Record)
    }
    $Cmdlet.WriteError($Record)
}

function global:Find-LabEventLog {
    param($Cmdlet, [string]$Pattern)
    $found = @(foreach ($row in Invoke-LabHost 'eventlog.logs') {
            if ($row['name'] -eq $Pattern -or $row['name'] -like $Pattern) { $row }
        })
    if ($found.Count -gt 0) { return $found }
    Write-LabEventFault $Cmdlet (New-LabError @{
            message        = 'There is not an event log on the localhost computer that ' +
            "matches `"$Pattern`"."
            error_id       = 'NoMatchingLogsFound'
            category       = 'ObjectNotFound'
            exception_type = 'System.Exception' })
}

function global:New-LabEventLog {
    param($Row)
    $type = 'System.Diagnostics.Eventing.Reader.EventLogConfiguration'
    New-LabObject ([ordered]@{
            LogName            = $Row['name']
            LogType            = 'Operational'
            LogMode            = 'Circular'
            IsEnabled          = $Row['enabled']
            IsClassicLog       = $false
            MaximumSizeInBytes = [long]$Row['maximum_size']
            FileSize           = [long]$Row['file_size']
            RecordCount        = [long]$Row['count']
            OldestRecordNumber = $(if ($null -ne $Row['oldest']) { [long]$Row['oldest'] })
        }) $type
}

function global:New-LabEvent {
    param($Row)
    $time = [datetime]::Parse($Row['time'], [cultureinfo]::InvariantCulture, 'RoundtripKind')
    $type = 'System.Diagnostics.Eventing.Reader.EventLogRecord'
    $record = New-LabObject ([ordered]@{
            Id           = $Row['id']
            RecordId     = [long]$Row['record_id']
            LogName      = $Row['log']
            ProviderName = $Row['provider']
            Level        = [byte]$Row['level']
            TimeCreated  = $time.ToLocalTime()
            LabXml       = $Row['xml']
        }) $type
    $record.PSObject.Methods.Add(
        [System.Management.Automation.PSScriptMethod]::new('ToXml', { $this.LabXml }))
    $record
}

function global:Find-LabEvent {
    param($Cmdlet, $Bound)
    $log = "$($Bound['LogName'])"
    $wild = [System.Management.Automation.WildcardPattern]
    if ($Bound['LogName'].Count -gt 1 -or $wild::ContainsWildcardCharacters($log)) {
        Deny-LabCommand $Cmdlet 'Get-WinEvent of several logs at once'
    }
    $question = @{ log = $log; xpath = $null; newest = $null; oldest = $false }
    if ($Bound.ContainsKey('FilterXPath')) { $question.xpath = $Bound['FilterXPath'] }
    if ($Bound.ContainsKey('MaxEvents')) { $question.newest = $Bound['MaxEvents'] }
    if ($Bound.ContainsKey('Oldest')) { $question.oldest = [bool]$Bound['Oldest'] }
    try {
        $rows = @(Invoke-LabHost 'eventlog.query' $question)
    } catch {
        return Write-LabEventFault $Cmdlet $_
    }
    foreach ($row in $rows) {
        while ($row.Contains('torn')) { Write-LabReadError $Cmdlet $row['torn'] 1500 }
        # The event comes all the same.
        if ($row['error']) { Write-LabReadError $Cmdlet $row['error'] 15100 }
        New-LabEvent $row
    }
}

# What the cmdlet says of a single event: its id is the message.
function global:Write-LabReadError {
    param($Cmdlet, [string]$Message, [long]$Code)
    $Cmdlet.WriteError((New-LabError @{
                message        = $Message
                error_id       = "$Message,Microsoft.PowerShell.Commands.GetWinEventCommand"
                category       = 'NotSpecified'
                exception_type = 'System.Diagnostics.Eventing.Reader.EventLogException'
                hresult        = 0x80070000L -bor $Code }))
}

function global:Get-WinEvent {
    [CmdletBinding(DefaultParameterSetName = 'GetLogSet', PositionalBinding = $false)]
    param(
        [Parameter(ParameterSetName = 'ListLogSet', Mandatory, Position = 0)] [string[]]$ListLog,
        [Parameter(ParameterSetName = 'GetLogSet', Position = 0, ValueFromPipeline,
            ValueFromPipelineByPropertyName)] [string[]]$LogName,
        [Parameter(ParameterSetName = 'ListProviderSet', Mandatory, Position = 0)]
        [string[]]$ListProvider,
        [Parameter(ParameterSetName = 'GetProviderSet', Mandatory, Position = 0,
            ValueFromPipelineByPropertyName)] [string[]]$ProviderName,
        [Parameter(ParameterSetName = 'FileSet', Mandatory, Position = 0,
            ValueFromPipelineByPropertyName)] [Alias('PSPath')] [string[]]$Path,
        [Parameter(ParameterSetName = 'GetLogSet')] [Parameter(ParameterSetName = 'GetProviderSet')]
        [Parameter(ParameterSetName = 'FileSet')] [Parameter(ParameterSetName = 'HashQuerySet')]
        [Parameter(ParameterSetName = 'XmlQuerySet')]
        [ValidateRange(1, [long]::MaxValue)] [long]$MaxEvents,
        [Parameter(ParameterSetName = 'GetLogSet')] [Parameter(ParameterSetName = 'ListLogSet')]
        [Parameter(ParameterSetName = 'ListProviderSet')]
        [Parameter(ParameterSetName = 'GetProviderSet')]
        [Parameter(ParameterSetName = 'HashQuerySet')] [Parameter(ParameterSetName = 'XmlQuerySet')]
        [Alias('Cn')] [string]$ComputerName,
        [pscredential]$Credential,
        [Parameter(ParameterSetName = 'GetLogSet')] [Parameter(ParameterSetName = 'GetProviderSet')]
        [Parameter(ParameterSetName = 'FileSet')] [string]$FilterXPath,
        [Parameter(ParameterSetName = 'XmlQuerySet', Mandatory, Position = 0)] [xml]$FilterXml,
        [Parameter(ParameterSetName = 'HashQuerySet', Mandatory, Position = 0)]
        [hashtable[]]$FilterHashtable,
        [Parameter(ParameterSetName = 'GetLogSet')] [Parameter(ParameterSetName = 'ListLogSet')]
        [Parameter(ParameterSetName = 'GetProviderSet')]
        [Parameter(ParameterSetName = 'HashQuerySet')] [switch]$Force,
        [Parameter(ParameterSetName = 'GetLogSet')] [Parameter(ParameterSetName = 'GetProviderSet')]
        [Parameter(ParameterSetName = 'FileSet')] [Parameter(ParameterSetName = 'HashQuerySet')]
        [Parameter(ParameterSetName = 'XmlQuerySet')] [switch]$Oldest
    )
    process {
        $bound = $PSBoundParameters
        foreach ($other in 'ListProvider', 'ProviderName', 'Path', 'FilterXml', 'FilterHashtable',
            'ComputerName', 'Credential') {
            if ($bound.ContainsKey($other)) { Deny-LabCommand $PSCmdlet "Get-WinEvent -$other" }
        }
        if ($bound.ContainsKey('ListLog')) {
            foreach ($pattern in $ListLog) {
                foreach ($row in Find-LabEventLog $PSCmdlet $pattern) { New-LabEventLog $row }
            }
        } elseif ($bound.ContainsKey('LogName')) {
            Find-LabEvent $PSCmdlet $bound
        } else {
            Deny-LabCommand $PSCmdlet 'Get-WinEvent of every log'
        }
    }
}
