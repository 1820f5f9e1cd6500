variable "name" {
  description = "What repositories' names begin with."
  type        = string
  nullable    = false
}

variable "images" {
  description = "Names of the images, one repository each."
  type        = set(string)
  nullable    = false
}
