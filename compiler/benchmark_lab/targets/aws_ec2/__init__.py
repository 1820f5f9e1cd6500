"""What `lab` asks of AWS itself, beside Terraform: looking ahead, finding by tag, and removing."""
