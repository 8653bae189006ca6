import { Wordmark } from "@/ui/mark";

export default function Home() {
  return (
    <main className="grid min-h-dvh place-items-center">
      <Wordmark />
    </main>
  );
}
