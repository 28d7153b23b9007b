//! How the cloud says no: a status, a code of its own and a sentence, in the body shape of the API that was asked.

/// One refused request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub status: u16,
    pub code: &'static str,
    pub message: String,
    pub shape: Shape,
}

/// The shapes of error bodies; which one a caller gets depends on the API, not on the error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// VPC v1: `{"code", "message"}`.
    VpcV1,
    /// VPC v3 and the gateway: `{"request_id", "error_code", "error_msg"}`.
    VpcV3,
    /// ECS v1: `{"error": {"code", "message"}}`.
    Ecs,
    /// IAM: `{"error": {"code", "message", "title"}}`, where `code` is the HTTP status as a number.
    Iam,
}

/// Which version of the VPC API asked. The rules are the same, the codes differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Api {
    V1,
    V3,
}

impl Refusal {
    pub fn v1(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), shape: Shape::VpcV1 }
    }

    pub fn v3(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), shape: Shape::VpcV3 }
    }

    pub fn ecs(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), shape: Shape::Ecs }
    }

    pub fn iam(status: u16, message: impl Into<String>) -> Self {
        Self { status, code: "", message: message.into(), shape: Shape::Iam }
    }

    /// What the gateway in front of every service answers by itself.
    pub fn gateway(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), shape: Shape::VpcV3 }
    }

    /// The same refusal with the code of the version that asked.
    pub fn of(
        api: Api,
        v1: (u16, &'static str),
        v3: (u16, &'static str),
        message: impl Into<String>,
    ) -> Self {
        match api {
            Api::V1 => Self::v1(v1.0, v1.1, message),
            Api::V3 => Self::v3(v3.0, v3.1, message),
        }
    }
}
