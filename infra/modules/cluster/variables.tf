variable "name" {
  description = "What names begin with."
  type        = string
  nullable    = false
}

variable "images" {
  description = "Where the image of each implementation is pulled from, by the implementation's name."
  type        = map(string)
  nullable    = false
}

variable "role_boundary" {
  description = "ARN of the policy that bounds what roles may do; null: no bound but their own policies."
  type        = string
  default     = null
}
