# HKLM: as the registry provider shows it, read-only.

function global:Get-LabRegistryNote {
    param([string]$Key)
    $full = 'Microsoft.PowerShell.Core\Registry::HKEY_LOCAL_MACHINE'
    $cut = $Key.LastIndexOf([char]'\')
    [ordered]@{
        PSPath       = $(if ($Key) { "$full\$Key" } else { $full })
        PSParentPath = $(if ($cut -gt 0) { $full + '\' + $Key.Substring(0, $cut) } else { $full })
        PSChildName  = $Key.Substring($cut + 1)
        PSDrive      = 'HKLM'
        PSProvider   = 'Microsoft.PowerShell.Core\Registry'
    }
}

function global:Get-LabRegistryValue {
    param([string]$Key)
    $values = [ordered]@{}
    $found = Invoke-LabHost 'registry.values' @{ path = "HKLM:\$Key" }
    foreach ($name in $found.Keys) {
        $value = $found[$name]
        # A multi-string is a string[], bytes stay bytes.
        if ($value -is [object[]]) { $value = [string[]]$value }
        $values[$(if ($name) { $name } else { '(default)' })] = $value
    }
    $values
}

function global:New-LabRegistryKey {
    param([string]$Key, $Row = (Invoke-LabHost 'registry.key' @{ path = "HKLM:\$Key" }))
    $item = New-LabObject (Get-LabRegistryNote $Key) 'Microsoft.Win32.RegistryKey'
    $name = if ($Key) { "HKEY_LOCAL_MACHINE\$Key" } else { 'HKEY_LOCAL_MACHINE' }
    $members = $item.PSObject.Members
    $members.Add([System.Management.Automation.PSNoteProperty]::new('Name', $name))
    $members.Add([System.Management.Automation.PSNoteProperty]::new('PSIsContainer', $true))
    # As there, both come with the key.
    $names = [string[]]@($Row['values'] | ForEach-Object { if ($_) { $_ } else { '(default)' } })
    $members.Add([System.Management.Automation.PSNoteProperty]::new('Property', $names))
    $count = [int]$Row['keys']
    $members.Add([System.Management.Automation.PSNoteProperty]::new('SubKeyCount', $count))
    $members.Add([System.Management.Automation.PSScriptMethod]::new('GetValueNames', {
                $names = @((Get-LabRegistryValue $this.Name.Substring(19)).Keys)
                , [string[]]@($names -replace '^\(default\)$') }))
    $members.Add([System.Management.Automation.PSScriptMethod]::new('GetValue', {
                param($name, $default)
                $values = Get-LabRegistryValue $this.Name.Substring(19)
                $name = if ($name) { $name } else { '(default)' }
                if ($values.Contains($name)) { , $values[$name] } else { $default } }))
    $members.Add([System.Management.Automation.PSScriptMethod]::new('GetSubKeyNames', {
                , [string[]]@(Get-LabRegistryChild $this.Name.Substring(19)) }))
    $members.Add([System.Management.Automation.PSScriptMethod]::new('ToString', { $this.Name }))
    $item
}

function global:Get-LabRegistryChild {
    param([string]$Key)
    Invoke-LabHost 'registry.children' @{ path = "HKLM:\$Key" }
}

function global:Test-LabRegistryKey {
    param([string]$Key)
    $Key -eq '' -or (Invoke-LabHost 'registry.exists' @{ path = "HKLM:\$Key" })
}

# The keys that a path with wildcards stands for; one without stands for itself, there or not.
function global:Expand-LabRegistryKey {
    param([string]$Key, [switch]$Literal)
    $wild = [System.Management.Automation.WildcardPattern]
    if ($Literal -or -not $wild::ContainsWildcardCharacters($Key)) { return $Key }
    $found = @('')
    foreach ($segment in $Key.Split('\')) {
        $found = @(foreach ($parent in $found) {
                $prefix = if ($parent) { "$parent\" } else { '' }
                if (-not $wild::ContainsWildcardCharacters($segment)) {
                    if (Test-LabRegistryKey "$prefix$segment") { "$prefix$segment" }
                } elseif (Test-LabRegistryKey $parent) {
                    foreach ($name in Get-LabRegistryChild $parent) {
                        if ($name -like $segment) { "$prefix$name" }
                    }
                }
            })
    }
    $found
}

function global:Select-LabRegistryValue {
    param($Cmdlet, [string]$Key, [string[]]$Name)
    $values = Get-LabRegistryValue $Key
    $chosen = [ordered]@{}
    foreach ($pattern in $Name) {
        $names = @($values.Keys | Where-Object { $_ -eq $pattern -or $_ -like $pattern })
        foreach ($match in $names) { $chosen[$match] = $values[$match] }
        $wild = [System.Management.Automation.WildcardPattern]
        if (-not $names -and -not $wild::ContainsWildcardCharacters($pattern)) {
            $path = "HKEY_LOCAL_MACHINE\$Key"
            $fault = @{
                message        = "Property $pattern does not exist at path $path."
                error_id       = 'System.Management.Automation.PSArgumentException'
                category       = 'InvalidArgument'
                exception_type = 'System.Management.Automation.PSArgumentException'
            }
            Write-LabFault $Cmdlet (New-LabError $fault $pattern)
        }
    }
    $chosen
}
