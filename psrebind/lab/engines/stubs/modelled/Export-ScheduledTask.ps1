Invoke-LabTask $PSCmdlet $PSBoundParameters tasks.export { $args[1] }
