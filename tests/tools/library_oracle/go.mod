module library-oracle.test

go 1.23

require (
	github.com/Masterminds/semver/v3 v3.5.0
	github.com/evanphx/json-patch v5.9.11+incompatible
)
