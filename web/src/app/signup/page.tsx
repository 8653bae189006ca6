import { SignUp } from "@/accounts/sign-in";
import { PageTitle } from "@/bell/page-title";

export default function SignUpPage() {
  return (
    <>
      <PageTitle>Sign up</PageTitle>
      <SignUp />
    </>
  );
}
