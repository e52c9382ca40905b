@{
    RootModule = 'ScheduledTasks.psm1'
    ModuleVersion = '1.0.0.0'
    FunctionsToExport = @(
        'Disable-ScheduledTask',
        'Enable-ScheduledTask',
        'Export-ScheduledTask',
        'Get-ClusteredScheduledTask',
        'Get-ScheduledTask',
        'Get-ScheduledTaskInfo',
        'New-ScheduledTask',
        'New-ScheduledTaskAction',
        'New-ScheduledTaskPrincipal',
        'New-ScheduledTaskSettingsSet',
        'New-ScheduledTaskTrigger',
        'Register-ClusteredScheduledTask',
        'Register-ScheduledTask',
        'Set-ClusteredScheduledTask',
        'Set-ScheduledTask',
        'Start-ScheduledTask',
        'Stop-ScheduledTask',
        'Unregister-ClusteredScheduledTask',
        'Unregister-ScheduledTask'
    )
    CmdletsToExport = @()
    VariablesToExport = @()
    AliasesToExport = @()
}
