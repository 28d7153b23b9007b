terraform {
  required_providers {
    huaweivpc = {
      source = "huaweivpc/huaweivpc"
    }
  }
}

# Credentials come from HW_ACCESS_KEY and HW_SECRET_KEY.
provider "huaweivpc" {
  region = "ap-southeast-3"
}
