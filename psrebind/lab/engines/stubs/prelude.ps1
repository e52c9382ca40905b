# The startup script of a lab shell: joins it to its host and puts on what that host has. It runs
# after the other parts, in the client's own pool, before the client's first pipeline.

Connect-LabHost
$global:LabFacts = Invoke-LabHost 'host.facts'

$env:SystemDrive = 'C:'
$env:SystemRoot = 'C:\Windows'
$env:windir = 'C:\Windows'
$env:ProgramData = 'C:\ProgramData'
$env:ProgramFiles = 'C:\Program Files'
$env:PROCESSOR_ARCHITECTURE = 'AMD64'
$env:OS = 'Windows_NT'
$env:COMPUTERNAME = $global:LabFacts['name'].ToUpperInvariant()
# The lab's user is a local account.
$env:USERDOMAIN = $env:COMPUTERNAME
$env:PSModulePath = $env:PSREBIND_LAB_MODULES + [System.IO.Path]::PathSeparator + $env:PSModulePath

$system = "$env:SystemRoot\System32"
Register-LabProgram 'netsh.exe' 'netsh.exe', 'netsh', "$system\netsh.exe"
Register-LabProgram 'whoami.exe' 'whoami.exe', 'whoami', "$system\whoami.exe"
Register-LabProgram 'wevtutil.exe' 'wevtutil.exe', 'wevtutil', "$system\wevtutil.exe"
if (@($global:LabFacts['modules']) -contains 'WebAdministration') {
    Register-LabProgram 'appcmd.exe' "$system\inetsrv\appcmd.exe"
}

# Last: nothing above would pass in a constrained session, and what is defined stays trusted.
if ($global:LabFacts['language_mode'] -notin $null, 'FullLanguage') {
    $ExecutionContext.SessionState.LanguageMode = $global:LabFacts['language_mode']
}
