Register-LabTask $PSCmdlet $PSBoundParameters
