"""Drawing: the only importer of Panda3D besides `engine/openxr`."""
