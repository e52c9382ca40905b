$Changing = $false
$Reading = $true
$Steps = 0
# includes _native
# includes _channel
# includes _events
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
