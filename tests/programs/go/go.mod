module hot

go 1.20
