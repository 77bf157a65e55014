"""Does the Kubernetes collector say what the cluster says, all of it or nothing?"""
