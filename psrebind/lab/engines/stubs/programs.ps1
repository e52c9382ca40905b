# Native programs: functions that are named like the files, in every spelling that Windows finds.
# appcmd.exe lies off the search path there, so it has its full path only.

function global:Invoke-LabProgram {
    param([string]$Program, [object[]]$Arguments)
    $words = [System.Collections.Generic.List[string]]::new()
    foreach ($argument in $Arguments) {
        foreach ($word in $argument) { if ($null -ne $word) { $words.Add("$word") } }
    }
    $reply = Invoke-LabHost 'native' @{ program = $Program; arguments = $words }
    $global:LASTEXITCODE = $reply['exit']
    foreach ($line in $reply['output']) { $line }
}

function global:Register-LabProgram {
    param([string]$Program, [string[]]$Name)
    # One text per program, since a closure would be a module of its own; and no Set-Item, which
    # loads a module that a shell may never need.
    $body = [scriptblock]::Create((@(foreach ($spelling in $Name) {
                    "`${function:global:$spelling} = { Invoke-LabProgram '$Program' `$args }"
                }) -join "`n"))
    . $body
    foreach ($spelling in $Name) { $null = $global:LabPrograms.Add($spelling) }
}

$global:LabPrograms = [System.Collections.Generic.HashSet[string]]::new(
    [System.StringComparer]::OrdinalIgnoreCase)
