//! Functions, which need no configuration and have errors of their own kind.

use huaweivpc::{
    framework::{Type, Value},
    protocol::{codec, generated::tfplugin6 as wire},
};

use super::terraform::Terraform;

#[tokio::test]
async fn a_function_answers_or_names_the_argument_at_fault() {
    let rpc = Terraform::start().await.rpc;
    let shout = async |request| rpc.clone().call_function(request).await.unwrap().into_inner();
    let answer = shout(call("hello")).await;
    assert_eq!(codec::decode(answer.result.as_ref(), &Type::String), Ok(Value::from("HELLO")));
    let at_fault = async |request| {
        let error = shout(request).await.error.unwrap();
        (error.text, error.function_argument)
    };
    assert_eq!(at_fault(call("")).await, ("is empty".to_owned(), Some(0)));
    // An argument that is left empty is null.
    let null =
        wire::call_function::Request { arguments: vec![wire::DynamicValue::default()], ..call("") };
    assert_eq!(at_fault(null).await, ("must not be null".to_owned(), Some(0)));
    let too_few = wire::call_function::Request { arguments: vec![], ..call("") };
    assert_eq!(at_fault(too_few).await, ("1 arguments are needed, 0 are given".to_owned(), None));
    let unknown = wire::call_function::Request { name: "sing".to_owned(), ..call("") };
    assert_eq!(at_fault(unknown).await.1, None);
}

/// The request to shout `text`.
pub fn call(text: &str) -> wire::call_function::Request {
    let argument = codec::encode(&Value::from(text), &Type::String).unwrap();
    wire::call_function::Request { name: "shout".to_owned(), arguments: vec![argument] }
}
