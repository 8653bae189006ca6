import { SignIn } from "@/accounts/sign-in";
import { PageTitle } from "@/bell/page-title";

export default function SignInPage() {
  return (
    <>
      <PageTitle>Sign in</PageTitle>
      <SignIn />
    </>
  );
}
