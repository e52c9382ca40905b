# Reads a script from standard input and writes the offset of each statement of its bodies and of
# the functions that they share: places where a pipeline can be stopped. Runs nothing of it.

$ErrorActionPreference = 'Stop'
$text = [Console]::In.ReadToEnd()
$tree = [Management.Automation.Language.Parser]::ParseInput($text, [ref]$null, [ref]$null)
$frame = 'ConvertTo-ReplyString', 'ConvertTo-ReplyByte', 'ConvertTo-ReplyJson', 'New-ErrorReply',
    'ConvertTo-ErrorReply', 'Test-Precondition', 'Invoke-Body'
$places = foreach ($statement in $tree.FindAll({
            param($node) $node -is [Management.Automation.Language.StatementAst] }, $true)) {
    $list = $statement.Parent
    $isListed = $list -is [Management.Automation.Language.NamedBlockAst] -or
        $list -is [Management.Automation.Language.StatementBlockAst]
    $isFunction = $statement -is [Management.Automation.Language.FunctionDefinitionAst]
    if (-not $isListed -or $isFunction) { continue }
    $names = @()
    $isBody = $false
    for ($node = $statement.Parent; $null -ne $node; $node = $node.Parent) {
        if ($node -is [Management.Automation.Language.FunctionDefinitionAst]) {
            $names += $node.Name
        }
        # A body is the script block that Invoke-Body is given.
        if ($node -is [Management.Automation.Language.CommandAst] -and
            $node.GetCommandName() -eq 'Invoke-Body') { $isBody = $true }
    }
    $isShared = $names.Count -gt 0 -and @($names | Where-Object { $frame -contains $_ }).Count -eq 0
    # A statement inside of an expression or a pipeline begins no line of its own.
    $front = $text.Substring(0, $statement.Extent.StartOffset)
    $line = $front.Substring($front.LastIndexOf("`n", [StringComparison]::Ordinal) + 1)
    if (($isBody -or $isShared) -and -not $line.Trim()) { $statement.Extent.StartOffset }
}
ConvertTo-Json -Compress -InputObject @($places | Sort-Object -Unique)
