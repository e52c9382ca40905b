$Changing = $false
$Reading = $true
$Steps = 0
# includes _registry
# includes _native
# includes _system_policy
$Operation = 'get_host'
$Modules = @()
$Changes = $false
$replies += Invoke-Body $Operation $Modules $Changes {
<#
.SYNOPSIS
    Read what a host is and what it lacks for psrebind.
.OUTPUTS
    One row: the host's names, versions, mode and modules.
#>

$Wanted = @('WebAdministration', 'ScheduledTasks', 'PKI')





$windows = Get-RegistryValue 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion'
$network = Get-RegistryValue 'HKLM:\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters'
$iis = Get-RegistryValue 'HKLM:\SOFTWARE\Microsoft\InetStp'
$logging = Get-RegistryValue `
    'HKLM:\SOFTWARE\Policies\Microsoft\Windows\PowerShell\ScriptBlockLogging'

# Whether the token has Administrators turned on, nothing where Windows does not say. The groups
# by whoami would be looked up at a domain controller one by one: neither way here asks anybody.
function Test-Elevation {
    if ($languageMode -eq 'FullLanguage') {
        try {
            $identity = [System.Security.Principal.WindowsIdentity]::GetCurrent()
            $role = [System.Security.Principal.WindowsBuiltInRole]::Administrator
            $principal = New-Object -TypeName System.Security.Principal.WindowsPrincipal `
                -ArgumentList $identity
            return $principal.IsInRole($role)
        } catch {
            return $null
        }
    }
    # A privilege is called the same in every language; this one is Administrators' alone.
    $held = Invoke-Native "$env:SystemRoot\System32\whoami.exe" @('/priv', '/fo', 'csv', '/nh')
    if ($held.exit -eq 0) { @($held.output -match '"SeTakeOwnershipPrivilege"').Count -gt 0 }
}

$present = @(Get-Module -Name $Wanted -ListAvailable | ForEach-Object { $_.Name })

@{
    name                 = $network['Hostname']
    domain               = $network['Domain']
    windows              = $windows['ProductName']
    build                = $windows['CurrentBuildNumber']
    revision             = $windows['UBR']
    iis                  = $iis['VersionString']
    elevated             = Test-Elevation
    execution_policy     = Get-SystemPolicy
    script_block_logging = $logging['EnableScriptBlockLogging'] -eq 1
    modules              = @($present | Sort-Object -Unique)
}
}
