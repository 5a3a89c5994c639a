/* A control: it shifts by more bits than a number has, which is undefined. */
int
main (int argc, char **argv)
{
  (void) argv;
  return (1 << (31 + argc)) == 7;
}
