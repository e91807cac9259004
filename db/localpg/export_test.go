package localpg

// Attached reports whether another process owns the server.
func (s *Server) Attached() bool { return s.run == nil }

// Data returns the folder of the cluster, which can lie outside the folder given to Start.
func (s *Server) Data() string { return s.data }
