# Who is logged on, as .NET tells it on Windows alone. A type stands in for WindowsIdentity under its
# name; a WindowsPrincipal is what New-Object makes of that.

class LabWindowsIdentity {
    static [LabWindowsIdentity] GetCurrent() { return [LabWindowsIdentity]::new() }
}

[psobject].Assembly.GetType('System.Management.Automation.TypeAccelerators')::Add(
    'System.Security.Principal.WindowsIdentity', [LabWindowsIdentity])

function global:New-LabPrincipal {
    param([object[]]$ArgumentList)
    if ($ArgumentList.Count -ne 1 -or $ArgumentList[0] -isnot [LabWindowsIdentity]) {
        throw "'New-Object WindowsPrincipal' of another identity is not simulated by the lab."
    }
    $principal = New-LabObject @{} 'System.Security.Principal.WindowsPrincipal'
    $principal.PSObject.Methods.Add(
        [System.Management.Automation.PSScriptMethod]::new('IsInRole', {
                param($role)
                $ErrorActionPreference = 'Stop'
                if ($role -ne [System.Security.Principal.WindowsBuiltInRole]::Administrator) {
                    throw "'IsInRole' of another role than Administrator is not simulated."
                }
                Invoke-LabHost 'account.role' }))
    $principal
}
