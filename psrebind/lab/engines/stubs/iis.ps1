# What Get-Website and Get-WebBinding give. It lives here and not in the stub module, since a module
# that a constrained session imports is constrained itself.

function global:Find-LabWebsite {
    param($Cmdlet, $Bound)
    $name = if ($Bound.ContainsKey('Name')) { $Bound['Name'] } else { '' }
    try {
        foreach ($row in Invoke-LabHost 'iis.sites') {
            $same = [string]::Equals($row['name'], $name, 'OrdinalIgnoreCase')
            if (-not $name -or $same -or ($name -match '[*?[]' -and $row['name'] -like $name)) {
                New-LabWebsite $row
            }
        }
    } catch {
        $Cmdlet.WriteError($_)
    }
}

function global:New-LabWebsite {
    param($Row)
    $site = New-LabObject $Row 'Microsoft.IIs.PowerShell.Framework.ConfigurationElement#site'
    if ($null -eq $Row['state']) {
        $site.PSObject.Properties.Remove('state')
        $site.PSObject.Members.Add([System.Management.Automation.PSScriptProperty]::new('state', {
                    throw [System.Runtime.InteropServices.COMException]::new(
                        'The object identifier does not represent a valid object.', 0x800710D8) }))
    }
    $site.PSObject.Members.Add([System.Management.Automation.PSScriptProperty]::new('bindings', {
                $rows = Invoke-LabHost 'iis.bindings' @{ name = $this.name }
                [pscustomobject]@{
                    Collection = @(foreach ($row in $rows) { New-LabBinding $row })
                } }))
    $site
}

function global:Add-LabWebsite {
    param($Cmdlet, $Bound)
    foreach ($name in @($Bound.Keys)) {
        if ($name -notin 'Name', 'Id', 'Port', 'PhysicalPath', 'Ssl', 'Force', 'Verbose') {
            Deny-LabCommand $Cmdlet "New-Website -$name"
        }
    }
    $site = @{
        name = $Bound['Name']; id = $Bound['Id']; port = $Bound['Port']; ssl = [bool]$Bound['Ssl'] }
    New-LabWebsite (Invoke-LabHost 'iis.add_site' $site)
}

function global:Add-LabBinding {
    param($Cmdlet, $Bound)
    $binding = @{}
    $names = @{
        Name = 'name'; Protocol = 'protocol'; Port = 'port'; IPAddress = 'ip'
        HostHeader = 'host'; SslFlags = 'flags'
    }
    foreach ($parameter in $names.Keys) {
        if ($Bound.ContainsKey($parameter)) { $binding[$names[$parameter]] = $Bound[$parameter] }
    }
    $null = Invoke-LabHost 'iis.add_binding' $binding
}

function global:Remove-LabWebsite {
    param($Cmdlet, $Bound)
    if (-not $Cmdlet.ShouldProcess($Bound['Name'])) { return }
    $null = Invoke-LabHost 'iis.remove_site' @{ name = $Bound['Name'] }
}

function global:Find-LabBinding {
    param($Cmdlet, $Bound)
    $arguments = @{}
    $names = @{
        Name = 'name'; Protocol = 'protocol'; Port = 'port'; IPAddress = 'ip'; HostHeader = 'host'
    }
    foreach ($parameter in $names.Keys) {
        if ($Bound.ContainsKey($parameter)) { $arguments[$names[$parameter]] = $Bound[$parameter] }
    }
    try {
        foreach ($row in Invoke-LabHost 'iis.bindings' $arguments) { New-LabBinding $row }
    } catch {
        $Cmdlet.WriteError($_)
    }
}

function global:Find-LabConfiguration {
    param($Cmdlet, $Bound)
    foreach ($name in @($Bound.Keys)) {
        if ($name -notin 'Filter', 'PSPath', 'ErrorAction', 'WarningAction', 'Verbose') {
            Deny-LabCommand $Cmdlet "Get-WebConfiguration -$name"
        }
    }
    $wanted = @{ filter = "$($Bound['Filter'])"; path = "$($Bound['PSPath'])" }
    try {
        foreach ($row in Invoke-LabHost 'iis.configuration' $wanted) {
            New-LabObject $row 'Microsoft.IIs.PowerShell.Framework.ConfigurationElement'
        }
    } catch {
        $Cmdlet.WriteError($_)
    }
}

function global:New-LabBinding {
    param($Row)
    $type = 'Microsoft.IIs.PowerShell.Framework.ConfigurationElement#bindings#binding'
    $binding = New-LabObject $Row $type
    $methods = $binding.PSObject.Methods
    foreach ($name in $global:LabBindingMethods.Keys) {
        $methods.Add([System.Management.Automation.PSScriptMethod]::new(
                $name, $global:LabBindingMethods[$name]))
    }
    $binding
}

function global:Invoke-LabBinding {
    param($Binding, [string]$Method, [System.Collections.IDictionary]$Arguments = @{})
    if ($Binding.ItemXPath -notmatch '@id=''(\d+)''') {
        throw "The binding's ItemXPath '$($Binding.ItemXPath)' names no site."
    }
    $Arguments['site_id'] = [long]$Matches[1]
    $Arguments['bindingInformation'] = $Binding.bindingInformation
    $null = Invoke-LabHost "binding.$Method" $Arguments
}

# Each sets the preference, because a caller's SilentlyContinue would swallow what they throw.
$global:LabBindingMethods = @{
    AddSslCertificate    = {
        param([string]$certificateHash, [string]$certificateStoreName)
        $ErrorActionPreference = 'Stop'
        Invoke-LabBinding $this 'AddSslCertificate' @{
            hash = $certificateHash; store = $certificateStoreName }
    }
    RebindSslCertificate = {
        param([string]$certificateHash, [string]$certificateStoreName)
        $ErrorActionPreference = 'Stop'
        Invoke-LabBinding $this 'RebindSslCertificate' @{
            hash = $certificateHash; store = $certificateStoreName }
    }
    RemoveSslCertificate = {
        $ErrorActionPreference = 'Stop'
        Invoke-LabBinding $this 'RemoveSslCertificate'
    }
    GetAttributeValue    = {
        param([string]$name)
        $this.$name
    }
    SetAttributeValue    = {
        $ErrorActionPreference = 'Stop'
        throw "'SetAttributeValue' is not simulated by the lab."
    }
    EnableDsMapper       = {
        $ErrorActionPreference = 'Stop'
        throw "'EnableDsMapper' is not simulated by the lab."
    }
    DisableDsMapper      = {
        $ErrorActionPreference = 'Stop'
        throw "'DisableDsMapper' is not simulated by the lab."
    }
}
