# Reads [{name, text}] as UTF-8 JSON from standard input and writes, per script, what the engine's
# own parser sees in it. Nothing of the scripts is run. tests/syntax.py holds the shapes.

$ErrorActionPreference = 'Stop'

function Get-Nodes($Ast, [string]$Type) {
    , @($Ast.FindAll({ param($node) $node.GetType().Name -eq $Type }.GetNewClosure(), $true))
}

function Get-CommandCall($Ast) {
    $found = foreach ($command in (Get-Nodes $Ast 'CommandAst')) {
        $elements = @($command.CommandElements | Select-Object -Skip 1)
        $parameters = @($elements | Where-Object { $_.GetType().Name -eq 'CommandParameterAst' })
        $splats = @($elements | Where-Object {
                $_.GetType().Name -eq 'VariableExpressionAst' -and $_.Splatted })
        $positional = 0
        $after = $null
        foreach ($element in $elements) {
            $isParameter = $element -is [Management.Automation.Language.CommandParameterAst]
            if (-not $isParameter -and $splats -notcontains $element) {
                # A value right after -Name may be its own; only a signature tells. Counted as such.
                if ($null -eq $after -or $null -ne $after.Argument) { $positional++ }
            }
            $after = if ($isParameter) { $element } else { $null }
        }
        @{
            name       = "$($command.GetCommandName())"
            head       = $command.CommandElements[0].Extent.Text
            operator   = "$($command.InvocationOperator)"
            parameters = @($parameters | ForEach-Object { $_.ParameterName })
            positional = $positional
            splats     = @($splats | ForEach-Object { $_.VariablePath.UserPath })
            constants  = @($elements | ForEach-Object { Get-Constant $_ })
            line       = $command.Extent.StartLineNumber
        }
    }
    , @($found)
}

function Get-Constant($Element) {
    $type = $Element.GetType().Name
    if ($type -eq 'StringConstantExpressionAst') { $Element.Value }
    if ($type -eq 'ArrayLiteralAst') {
        foreach ($inner in $Element.Elements) { Get-Constant $inner }
    }
}

function Get-MemberUse($Ast) {
    $nodes = (Get-Nodes $Ast 'MemberExpressionAst') + (Get-Nodes $Ast 'InvokeMemberExpressionAst')
    $found = foreach ($node in $nodes) {
        $type = ''
        if ($node.Expression -is [Management.Automation.Language.TypeExpressionAst]) {
            $type = $node.Expression.TypeName.FullName
        }
        $invoked = $node -is [Management.Automation.Language.InvokeMemberExpressionAst]
        @{
            name      = $node.Member.Extent.Text
            type      = $type
            target    = $node.Expression.Extent.Text
            static    = [bool]$node.Static
            invoked   = $invoked
            arguments = $(if ($invoked) { @($node.Arguments).Where({ $_ }).Count } else { 0 })
            given     = @(if ($invoked) { foreach ($one in $node.Arguments) { $one.Extent.Text } })
            line      = $node.Extent.StartLineNumber
        }
    }
    , @($found)
}

# The fields and variables that an expression is made of, .name and $name: what is given to a
# command in it, or stands in a script block, is no part of what the expression gives.
function Get-Mention($Ast) {
    $found = foreach ($node in @($Ast) + (Get-Nodes $Ast 'MemberExpressionAst') +
        (Get-Nodes $Ast 'VariableExpressionAst')) {
        $inside = $node
        while ($inside -ne $Ast -and $inside.GetType().Name -notmatch '^(Command|ScriptBlock)Ast$') {
            $inside = $inside.Parent
        }
        if ($inside -ne $Ast) { continue }
        if ($node.GetType().Name -eq 'MemberExpressionAst') { ".$($node.Member.Extent.Text)" }
        if ($node.GetType().Name -eq 'VariableExpressionAst') { '$' + $node.VariablePath.UserPath }
    }
    , @($found | Sort-Object -CaseSensitive -Unique)
}

# What is compared, formatted, switched on, looked up by index or given a variable as it is.
function Get-Comparison($Ast) {
    $plain = 'ExpandableStringExpressionAst', 'MemberExpressionAst', 'VariableExpressionAst'
    $found = @(
        foreach ($node in (Get-Nodes $Ast 'BinaryExpressionAst')) {
            @{ kind = "$($node.Operator)"; left = $node.Left; right = $node.Right }
        }
        foreach ($node in (Get-Nodes $Ast 'SwitchStatementAst')) {
            @{ kind = 'Switch'; left = $node.Condition; right = $null }
        }
        foreach ($node in (Get-Nodes $Ast 'IndexExpressionAst')) {
            @{ kind = 'Index'; left = $node.Target; right = $node.Index }
        }
        foreach ($node in (Get-Nodes $Ast 'AssignmentStatementAst')) {
            if ("$($node.Operator)" -ne 'Equals') { continue }
            if ($node.Right -isnot [Management.Automation.Language.CommandExpressionAst]) { continue }
            if ($plain -notcontains $node.Right.Expression.GetType().Name) { continue }
            @{ kind = 'Given'; left = $node.Left; right = $node.Right }
        }
    )
    , @($found | ForEach-Object {
            @{
                kind  = $_.kind
                left  = Get-Mention $_.left
                right = $(if ($_.right) { Get-Mention $_.right } else { , @() })
                text  = $(if ($_.kind -eq 'Switch') { $_.left } else { $_.left.Parent }).Extent.Text
                line  = $_.left.Extent.StartLineNumber
            }
        })
}

function Get-AssignedName($Left) {
    if ($Left -is [Management.Automation.Language.VariableExpressionAst]) {
        $Left.VariablePath.UserPath
    } elseif ($Left -is [Management.Automation.Language.AttributedExpressionAst]) {
        Get-AssignedName $Left.Child
    } elseif ($Left -is [Management.Automation.Language.ArrayLiteralAst]) {
        foreach ($element in $Left.Elements) { Get-AssignedName $element }
    }
}

function Get-AssignedVariable($Ast) {
    $found = @(
        foreach ($node in (Get-Nodes $Ast 'AssignmentStatementAst')) { Get-AssignedName $node.Left }
        foreach ($node in (Get-Nodes $Ast 'ForEachStatementAst')) {
            Get-AssignedName $node.Variable
        }
        foreach ($node in (Get-Nodes $Ast 'ParameterAst')) { Get-AssignedName $node.Name }
    )
    , @($found | Sort-Object -Unique)
}

# The keys of `$name = @{ … }`, since such a variable may be splatted.
function Get-Table($Ast) {
    $found = foreach ($node in (Get-Nodes $Ast 'AssignmentStatementAst')) {
        $right = $node.Right
        if ($right -isnot [Management.Automation.Language.CommandExpressionAst]) { continue }
        if ($right.Expression -isnot [Management.Automation.Language.HashtableAst]) { continue }
        @{
            variable = "$(Get-AssignedName $node.Left)"
            keys     = @($right.Expression.KeyValuePairs | ForEach-Object { $_.Item1.Extent.Text })
        }
    }
    , @($found)
}

function Get-Text($Ast) {
    $nodes = (Get-Nodes $Ast 'StringConstantExpressionAst') +
        (Get-Nodes $Ast 'ExpandableStringExpressionAst')
    $found = foreach ($node in $nodes) {
        @{
            value = $node.Value; kind = "$($node.StringConstantType)"
            expandable = $node -is [Management.Automation.Language.ExpandableStringExpressionAst]
            line = $node.Extent.StartLineNumber
        }
    }
    , @($found)
}

function Get-TypeUse($Ast) {
    $names = foreach ($type in 'TypeExpressionAst', 'TypeConstraintAst', 'AttributeAst') {
        foreach ($node in (Get-Nodes $Ast $type)) { $node.TypeName.FullName }
    }
    , @($names | Sort-Object -Unique)
}

# What parses here and fails or means something else in Windows PowerShell 5.1.
function Get-LaterSyntax($Ast, $Tokens) {
    $kinds = 'QuestionQuestion', 'QuestionQuestionEquals', 'QuestionDot', 'QuestionLBracket',
        'QuestionMark', 'AndAnd', 'OrOr', 'Clean'
    $found = @(foreach ($token in $Tokens) {
            $line = $token.Extent.StartLineNumber
            if ($kinds -contains "$($token.Kind)") {
                @{ kind = "$($token.Kind)"; text = $token.Text; line = $line }
            }
            $expandable = $token -is [Management.Automation.Language.StringExpandableToken] -or
                "$($token.Kind)" -eq 'Generic'
            if ($expandable -and $token.Text -cmatch '(?<!`)(?:``)*`(?:u\{|e)') {
                @{ kind = 'Escape'; text = $token.Text; line = $line }
            }
            $number = '(?i)^[+-]?0b|(?:u[ysl]?|y|s|n)(?:[kmgtp]b)?$'
            if ("$($token.Kind)" -eq 'Number' -and $token.Text -match $number) {
                @{ kind = 'Number'; text = $token.Text; line = $line }
            }
        })
    foreach ($node in (Get-Nodes $Ast 'PipelineAst')) {
        if ($node.PSObject.Properties['Background'] -and $node.Background) {
            $found += @{ kind = 'Background'; text = '&'; line = $node.Extent.EndLineNumber }
        }
    }
    foreach ($command in (Get-CommandCall $Ast)) {
        if ($command.name -ne 'Join-Path') { continue }
        $taken = @($command.parameters | Where-Object { 'Path', 'ChildPath' -contains $_ }).Count
        $taken += $command.positional
        if ($taken -gt 2 -or $command.parameters -contains 'AdditionalChildPath') {
            $found += @{ kind = 'JoinPath'; text = $command.head; line = $command.line }
        }
    }
    , @($found)
}

# What PowerShell 4.0 cannot even parse.
function Get-FiveSyntax($Ast) {
    $found = foreach ($type in 'TypeDefinitionAst', 'UsingStatementAst') {
        foreach ($node in (Get-Nodes $Ast $type)) {
            $text = $node.Extent.Text.Split("`n")[0]
            @{ kind = $type; text = $text; line = $node.Extent.StartLineNumber }
        }
    }
    , @($found)
}

function Get-Shape($Ast) {
    $lines = foreach ($node in $Ast.FindAll({ $true }, $true)) {
        $depth = 0
        for ($parent = $node.Parent; $null -ne $parent; $parent = $parent.Parent) { $depth++ }
        $type = $node.GetType().Name
        # What a name or a text says is part of the tree; anything else has it in its children.
        if ($type -match '^(StringConstant|ExpandableString|Variable)ExpressionAst$') {
            $type += ' ' + $node.Extent.Text
        }
        "$depth $type"
    }
    , @($lines)
}

function Get-Syntax($Script) {
    $tokens = $null
    $errors = $null
    $parser = [Management.Automation.Language.Parser]
    $ast = $parser::ParseInput($Script.text, [ref]$tokens, [ref]$errors)
    $needs = $ast.ScriptRequirements
    $help = $ast.GetHelpContent()
    @{
        name         = $Script.name
        errors       = @($errors | ForEach-Object {
                @{ kind = $_.ErrorId; text = $_.Message; line = $_.Extent.StartLineNumber } })
        commands     = Get-CommandCall $ast
        members      = Get-MemberUse $ast
        comparisons  = Get-Comparison $ast
        variables    = Get-AssignedVariable $ast
        tables       = Get-Table $ast
        texts        = Get-Text $ast
        functions    = @((Get-Nodes $ast 'FunctionDefinitionAst') | ForEach-Object { $_.Name })
        types        = Get-TypeUse $ast
        later        = Get-LaterSyntax $ast $tokens
        five         = Get-FiveSyntax $ast
        shape        = Get-Shape $ast
        modules      = @(if ($needs) { $needs.RequiredModules | ForEach-Object { $_.Name } })
        synopsis     = $(if ($help) { "$($help.Synopsis)".Trim() } else { '' })
        outputs      = @(if ($help) { $help.Outputs | ForEach-Object { "$_".Trim() } })
    }
}

$utf8 = [Text.UTF8Encoding]::new($false)
$reader = [IO.StreamReader]::new([Console]::OpenStandardInput(), $utf8)
$document = [Text.Json.JsonDocument]::Parse($reader.ReadToEnd())
$found = foreach ($script in $document.RootElement.EnumerateArray()) {
    $name = $script.GetProperty('name').GetString()
    Get-Syntax @{ name = $name; text = $script.GetProperty('text').GetString() }
}
$writer = [IO.StreamWriter]::new([Console]::OpenStandardOutput(), $utf8)
$writer.Write((ConvertTo-Json -InputObject @($found) -Depth 6 -Compress))
$writer.Flush()
