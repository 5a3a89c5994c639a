package reference

// libhooks is what is tested.
func libhooks() implementation {
	ours := model{}.implementation()
	ours.name = "libhooks"
	return ours
}
