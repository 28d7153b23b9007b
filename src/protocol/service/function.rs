//! Calling a function. Functions need no configuration and report an error of their own kind.

use std::sync::Arc;

use super::{
    super::{
        codec::{self, Origin},
        generated::tfplugin6::{DynamicValue, FunctionError as WireError, call_function},
    },
    Shared,
};
use crate::{
    framework::{Function, FunctionError, Session, Value},
    untrusted,
};

pub(super) async fn call<C: Session>(
    shared: Arc<Shared<C>>,
    request: call_function::Request,
) -> call_function::Response {
    let outcome = match shared.provider.function(&request.name) {
        Some(function) => result_of(function, &request.arguments),
        None => Err(refusal(format!("this provider has no function `{}`", request.name))),
    };
    match outcome {
        Ok(result) => call_function::Response { result: Some(result), error: None },
        Err(FunctionError { text, argument }) => {
            let function_argument = argument.and_then(|argument| i64::try_from(argument).ok());
            // Terraform ends it with a full stop of its own.
            let text = untrusted::report(text.trim_end_matches('.'));
            let error = Some(WireError { text, function_argument });
            call_function::Response { result: None, error }
        }
    }
}

fn result_of(
    function: &dyn Function,
    arguments: &[DynamicValue],
) -> Result<DynamicValue, FunctionError> {
    let signature = function.signature();
    if arguments.len() != signature.parameters.len() {
        let (wanted, given) = (signature.parameters.len(), arguments.len());
        return Err(refusal(format!("{wanted} arguments are needed, {given} are given")));
    }
    let mut values = Vec::with_capacity(arguments.len());
    for (position, (argument, parameter)) in arguments.iter().zip(signature.parameters).enumerate()
    {
        let at_fault = |text: String| FunctionError { text, argument: Some(position) };
        let value = codec::decode(Some(argument), &parameter.kind.value_type())
            .map_err(|error| at_fault(Origin::Terraform.problem_of(error).detail))?;
        match value {
            Value::Null => return Err(at_fault("must not be null".to_owned())),
            value if !value.is_wholly_known() => {
                return Err(at_fault("must be known".to_owned()));
            }
            value => values.push(value),
        }
    }
    let result = function.call(&values)?;
    codec::encode(&result, &signature.returns.value_type())
        .map_err(|error| refusal(Origin::Provider.problem_of(error).detail))
}

fn refusal(text: String) -> FunctionError {
    FunctionError { text, argument: None }
}
